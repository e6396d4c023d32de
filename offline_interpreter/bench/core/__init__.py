"""The suite ``core``: requests of ordinary users, with inputs made from a seed and checks of what came of them.

A module holds the tasks of one family or two. They run nothing that a model wrote and know nothing of models.
"""

from __future__ import annotations

from offline_interpreter.bench.core import (
    calendar_and_units,
    charts,
    codes_and_gifs,
    documents,
    drawn_as_svg,
    file_keeping,
    gallery,
    honest,
    imaging,
    learning,
    listing,
    messy_tables,
    numeric,
    publishing,
    repairs,
    table_sources,
    tables,
    texts,
    video_tasks,
)

TASKS = (
    *numeric.TASKS,
    *listing.TASKS,
    *calendar_and_units.TASKS,
    *texts.TASKS,
    *tables.TASKS,
    *table_sources.TASKS,
    *messy_tables.TASKS,
    *charts.TASKS,
    *drawn_as_svg.TASKS,
    *file_keeping.TASKS,
    *documents.TASKS,
    *publishing.TASKS,
    *imaging.TASKS,
    *codes_and_gifs.TASKS,
    *gallery.TASKS,
    *video_tasks.TASKS,
    *learning.TASKS,
    *repairs.TASKS,
    *honest.TASKS,
)

"""Questions about the order of rows and groups: sorting, the highest few, which row or group stands out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from starter.answers import close
from starter.dialogue import Situation, Task
from starter.families.tables import asked, request_text
from starter.numerals import SMALL_WORDS
from starter.phrasing import load_phrases, say
from starter.queries import MEASURES, ROWS, Query, question
from starter.references import column_text
from starter.tables import Table, wanted_rows

PHRASES = load_phrases("table_orders")
UP = "up"  # a pattern's meaning: ascending, lowest
SHOWN_ROWS = 5  # where the request gives no number


@dataclass(frozen=True, slots=True)
class Sorting:
    """The first rows of a table in the order of a column."""

    table: Table
    column: str
    ascending: bool = False
    number: int = SHOWN_ROWS

    def task(self, situation: Situation, request: str) -> Task:
        """Return the task of a request for it."""
        column, table, number = self.column, self.table, self.number
        order = f"{column} in {'ascending' if self.ascending else 'descending'} order"
        how = f'"{column}"' if self.ascending else f'"{column}", ascending=False'
        task = question(
            situation,
            table,
            request,
            f"df = df.sort_values({how})\nprint(df.head({number}).to_string(index=False))",
            doing=f"show the first {number} rows by {order}",
            answer=lambda _: f"The first {number} rows by {order} in {table.file} are shown above.",
            agrees=self._agrees,
            columns=(column,),
        )
        situation.done = {"table": table, "sorted": self}
        return task

    def _agrees(self, printed: str) -> bool:
        lines = printed.splitlines()
        known = sorted((v for v in self.table.columns[self.column] if v is not None), reverse=not self.ascending)  # type: ignore[type-var]
        first = str(known[0])
        return len(lines) == 1 + min(self.number, self.table.rows) and first.split(".", maxsplit=1)[0] in lines[1]


def follow_up(situation: Situation) -> Task | None:
    """Return a request to sort otherwise, or to show more or fewer rows."""
    sorting, rng = situation.done.get("sorted"), situation.rng
    if not isinstance(sorting, Sorting):
        return None
    chance = rng.random()
    if chance < 0.4:
        section = "sort down too" if sorting.ascending else "sort up too"
        request = say(rng, PHRASES[section].pick(rng, situation.held_out), {})
        return replace(sorting, ascending=not sorting.ascending).task(situation, request)
    others = [name for name in sorting.table.numeric if name != sorting.column]
    if chance < 0.65 and others:
        column = rng.choice(others)
        pattern = PHRASES["sort by other"].pick(rng, situation.held_out)
        request = say(rng, pattern, {"c": column_text(situation, column, pattern)})
        return replace(sorting, column=column).task(situation, request)
    number, text = _number(situation, sorting.table)
    request = say(rng, PHRASES["show other number"].pick(rng, situation.held_out), {"n": text})
    return replace(sorting, number=number).task(situation, request)


def _number(situation: Situation, table: Table) -> tuple[int, str]:
    """Return how many are wanted, and how the request writes it."""
    rng = situation.rng
    number = wanted_rows(rng, table)
    return number, SMALL_WORDS[number] if number < len(SMALL_WORDS) and rng.random() < 0.25 else str(number)


def _rows_by(situation: Situation, table: Table, section: str, column: str) -> Task:
    pattern, _, meaning = PHRASES[section].pick(situation.rng, situation.held_out).partition(" => ")
    number, text = _number(situation, table)
    request = request_text(situation, table, pattern, c=column_text(situation, column, pattern), n=text)
    sorting = Sorting(table, column, meaning == UP, number if "<n>" in pattern else SHOWN_ROWS)
    return sorting.task(situation, request)


def _sorted(situation: Situation, table: Table) -> Task:
    column = situation.rng.choice([*table.numeric, *table.numeric, *table.times, *table.labels])
    return _rows_by(situation, table, "sort", column)


def _top_rows(situation: Situation, table: Table) -> Task:
    return _rows_by(situation, table, "top rows", situation.rng.choice(table.numeric))


def _best_row(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column = rng.choice(table.numeric)
    named = rng.choice([*table.labels, *table.labels, *table.groups, *table.times])
    request, meaning = asked(situation, table, PHRASES["best row"], g=named, c=column)
    word, method, extreme = ("lowest", "idxmin", min) if meaning == UP else ("highest", "idxmax", max)
    numbers = table.numbers(column)
    place = [None if value is None else float(str(value)) for value in table.columns[column]].index(extreme(numbers))
    name = table.columns[named][place]
    return question(
        situation,
        table,
        request,
        f'row = df.loc[df["{column}"].{method}()]\nprint(row["{named}"], row["{column}"], sep=": ")',
        doing=f"find the {named} with the {word} {column}",
        answer=lambda printed: f"The {named} with the {word} {column} in {table.file} is {printed}.",
        agrees=lambda printed: (
            (name is None or printed.startswith(str(name))) and close(printed.rpartition(": ")[2], extreme(numbers))
        ),
        columns=(named, column),
    )


# -- groups -----------------------------------------------------------------------------------------------------------


def _of_groups(situation: Situation, query: Query, section: str, called: str = "") -> Task:
    """Return the task of a section's request for the first groups of a query: one where it gives no number."""
    rng = situation.rng
    pattern, _, meaning = PHRASES[section].pick(rng, situation.held_out).partition(" => ")
    number, text = _number(situation, query.table)
    slots = {"g": column_text(situation, query.group, pattern), "n": text, "agg": called}
    if query.column:
        slots["c"] = column_text(situation, query.column, pattern)
    request = request_text(situation, query.table, pattern, **slots)
    first = number if "<n>" in pattern else 1
    return replace(query, order="ascending" if meaning == UP else "descending", first=first).task(situation, request)


def _top_groups(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    query = Query(table, "sum", rng.choice(table.numeric), rng.choice([*table.groups, *table.labels]))
    if rng.random() < 0.6:
        return _of_groups(situation, query, "top groups")
    measure = rng.choices(("sum", "mean", "maximum", "minimum"), (4, 5, 1, 1))[0]
    return _of_groups(situation, replace(query, measure=measure), "top groups by", rng.choice(MEASURES[measure][0]))


def _best_group(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    query = Query(table, "sum", rng.choice(table.numeric), rng.choice(table.groups))
    if rng.random() < 0.5:
        return _of_groups(situation, query, "best group")
    measure = rng.choices(("sum", "mean"), (4, 6))[0]
    return _of_groups(situation, replace(query, measure=measure), "best group by", rng.choice(MEASURES[measure][0][:4]))


def _most_common(situation: Situation, table: Table) -> Task:
    full = [name for name in table.numeric if all(isinstance(value, int) for value in table.columns[name])]
    column = situation.rng.choice([*table.groups, *table.groups, *full])
    return _of_groups(situation, Query(table, ROWS, group=column), "most common")


KINDS: dict[Callable[[Situation, Table], Task], float] = {
    _sorted: 3,
    _top_rows: 2.5,
    _best_row: 3,
    _top_groups: 2.5,
    _best_group: 2.5,
    _most_common: 1.8,
}

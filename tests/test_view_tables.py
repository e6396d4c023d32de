"""Tables on a screen: columns that fit, a count of what was left out, never a wrapped mess."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_interpreter.view.lines import columns
from offline_interpreter.view.tables import MAX_ROWS, fit_lines, make_table, read_html, table_lines

HTML = """<div><style scoped>.dataframe { color: red }</style><table border="1" class="dataframe">
<thead><tr style="text-align: right;"><th></th><th>revenue</th><th>name</th></tr>
<tr><th>region</th><th></th><th></th></tr></thead>
<tbody><tr><th>North</th><td>48210</td><td>a &lt;b&gt;</td></tr><tr><th>South</th><td>9</td><td>c</td></tr></tbody>
</table><p>2 rows × 2 columns</p></div>"""

WIDE = ["   " + "  ".join(f"column_{index}" for index in range(12))] + [
    f"{row}  " + "  ".join(f"{row * index:8}" for index in range(10)) + "         1         2" for row in range(3)
]


def test_html_of_a_data_frame_is_read() -> None:
    (table,), loose = read_html(HTML)
    assert table.header == ("region", "revenue", "name")
    assert table.rows == (("North", "48210", "a <b>"), ("South", "9", "c"))
    assert loose == "2 rows × 2 columns"


def test_numbers_stand_at_the_right_and_words_at_the_left() -> None:
    (table,), _ = read_html(HTML)
    assert table_lines(table, 80) == ["region  revenue  name", "North     48210  a <b>", "South         9  c"]


def test_columns_that_do_not_fit_are_counted_and_named() -> None:
    (table,), _ = read_html(HTML)
    assert table_lines(table, 16) == ["region  revenue", "North     48210", "South         9", "… 1 more column…"]
    assert table_lines(table, 20)[-1] == "… 1 more column: na…"
    assert table_lines(table, 22)[-1] == "South         9  c"


def test_rows_beyond_the_most_are_counted() -> None:
    table = make_table(["n"], [[str(number)] for number in range(MAX_ROWS + 40)])
    assert table_lines(table, 80)[-1] == "… 40 more rows"


def test_joined_cells_of_an_index_stay_in_their_columns() -> None:
    rows = '<tr><th rowspan="2">a</th><th>x</th><td>1</td></tr><tr><th>y</th><td>2</td></tr>'
    (table,), _ = read_html(f"<table><tr><th colspan='2'>key</th><th>n</th></tr>{rows}</table>")
    assert table_lines(table, 80) == ["key     n", "a    x  1", "     y  2"]


@pytest.mark.parametrize("html", ["<table><tr><td colspan='9999999999'>a", "<table><![x", "<tr><td>", "</td></tr>", ""])
def test_broken_html_does_no_harm(html: str) -> None:
    for table in read_html(html)[0]:
        assert table_lines(table, 40)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=8), min_size=1, max_size=6),
    st.integers(min_value=5, max_value=60),
)
def test_table_never_exceeds_the_width(rows: list[list[str]], width: int) -> None:
    lines = table_lines(make_table(rows[0], rows[1:]), width)
    assert max(columns(line) for line in lines) <= width


def test_text_table_loses_columns_and_is_not_wrapped() -> None:
    fitted = fit_lines(WIDE, 60)
    assert len(fitted) == len(WIDE) + 1
    assert max(len(line) for line in fitted) <= 60
    assert fitted[0] == "     column_0  column_1  column_2  column_3  column_4"
    assert fitted[-1] == "  … 7 more columns"


def test_text_table_that_just_fits_loses_its_indent_only() -> None:
    assert fit_lines(WIDE, len(WIDE[0])) == WIDE


def test_prose_is_folded_and_nothing_is_lost() -> None:
    lines = ["A sentence of several words.  " * 5, "short", "Another one, of other words.  " * 4]
    fitted = fit_lines(lines, 40)
    assert max(len(line) for line in fitted) <= 40
    assert "".join(line[2:] for line in fitted) == "".join(lines)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), max_size=90)))
def test_no_line_exceeds_the_width(lines: list[str]) -> None:
    assert max([0, *(columns(line) for line in fit_lines(lines, 40))]) <= 40


def test_real_data_frame_fits() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({f"quarter_{number}": [number * 1.5, 1000.25] for number in range(15)})
    (table,), _ = read_html(frame.to_html())
    lines = table_lines(table, 78)
    assert lines[0].split() == [f"quarter_{number}" for number in range(7)]
    assert lines[-1].startswith("… 8 more columns: quarter_7, quarter_8, ")

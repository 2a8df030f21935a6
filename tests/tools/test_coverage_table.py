"""The last section of docs/coverage.md says what the cases say."""

from __future__ import annotations

from tests.tools.coverage_table import HEADING, PAGE, coverage


def test_the_coverage_table_is_up_to_date() -> None:
    _, heading, table = PAGE.read_text().partition(HEADING)
    assert heading + table == coverage(), "run: python -m tests.tools.coverage_table"

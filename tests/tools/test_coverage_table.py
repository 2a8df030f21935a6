"""docs/coverage.md says what the cases say."""

from __future__ import annotations

from tests.tools.coverage_table import TABLE, coverage


def test_the_coverage_table_is_up_to_date() -> None:
    assert TABLE.read_text() == coverage(), "run: python -m tests.tools.coverage_table"

"""docs/reliability.md says what the tables say, and the tests that they name exist."""

from __future__ import annotations

import ast

import pytest

from tests.cli.run import ROOT
from tests.reliability.faults import FAULTS
from tests.reliability.page import PAGE, page


def test_the_page_is_made_of_the_tables() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run: python -m tests.reliability.page"


@pytest.mark.parametrize("test", sorted({test for one in FAULTS for test in one.tests}))
def test_a_test_that_is_named_exists(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert name.startswith("test_")


def test_a_page_without_a_place_for_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for faults"):
        page("# Nothing\n")

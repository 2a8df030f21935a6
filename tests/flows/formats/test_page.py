"""docs/formats.md says what readers make of the examples, today."""

from __future__ import annotations

from tests.tools.formats_page import PAGE, formats_part


def test_the_page_of_formats_is_current() -> None:
    """python -m tests.tools.formats_page makes it."""
    assert PAGE.read_text(encoding="utf-8").startswith(formats_part())

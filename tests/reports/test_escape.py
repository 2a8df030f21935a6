"""Nothing from outside may command a terminal, forge a line, hide text, or become a formula."""

from __future__ import annotations

import unicodedata

import pytest

from flowcheck.reports.parts.escape import escape, escape_cell, escape_markdown
from tests.reports.build import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shop/Deployment/web", "shop/Deployment/web"),
        ("größe-日本", "größe-日本"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31m\x7f\x9b", "\\x1b[31m\\x7f\\x9b"),
        ("a\u202eb\u2066\u200b\ufeff", "a\\u202eb\\u2066\\u200b\\ufeff"),
        ("a\u2028b\u2029c\x85", "a\\u2028b\\u2029c\\x85"),
        ("\udc80\ud83d", "\\udc80\\ud83d"),
        ("\U000e0041\u3164\ufe0f", "\\U000e0041\\u3164\\ufe0f"),
    ],
)
def test_each_dangerous_character_is_written_as_its_code(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_no_control_format_or_surrogate_character_passes() -> None:
    everything = "".join(map(chr, range(0x110000)))
    assert not {unicodedata.category(c) for c in escape(everything)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("start", list("=+-@\t\r\n"))
def test_a_cell_is_never_a_formula(start: str) -> None:
    assert escape_cell(start + "cmd|x").startswith("'")


def test_markdown_is_never_html_link_mention_or_cell_border() -> None:
    shown = escape_markdown("<b>|[x](http://h) @all `c` " + HOSTILE)
    assert "<" not in shown
    assert "://" not in shown
    assert "@" not in shown
    assert "|" not in shown.replace("\\|", "")
    assert "`" not in shown.replace("\\`", "")

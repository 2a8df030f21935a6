"""What ``print`` and notebooks show: short words, the report, and nothing of an input that is markup."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest

import flowcheck.reports.notebook  # noqa: F401 # what is tested
from flowcheck.balance.tell.result import LoadResult
from flowcheck.results.audit import AuditResult
from tests.reports.build import HOSTILE, make_clean_result, make_finding, make_hostile_result, make_result
from tests.reports.build_balance import make_hostile_load, make_load

ALLOWED = {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "pre"}


class Reader(HTMLParser):
    """The tags and the text of a page; refuses what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= {"style"}
        self.tags.add(tag)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def page_of(result: AuditResult | LoadResult) -> Reader:
    page = result._repr_html_()
    assert page is not None
    return Reader(page)


def test_a_page_says_what_the_report_says() -> None:
    result = make_result((make_finding(0), make_finding(1)))
    page = page_of(result)
    assert page.tags <= ALLOWED
    lines = str(result).splitlines()
    assert lines[0].split(" - ")[0] in page.text
    for finding in result.findings:
        assert finding.source in page.text
        assert finding.source in str(result)
    for reason in result.summary.incomplete_because:
        assert reason in page.text


def test_a_page_of_a_clean_result_is_whole() -> None:
    page = page_of(make_clean_result())
    assert "no violations among 1,000,000 judged rows" in page.text
    assert "INCOMPLETE" not in page.text


def test_more_findings_than_are_shown_are_said_to_be_more() -> None:
    many = page_of(make_result(tuple(make_finding(n) for n in range(40))))
    assert "40 findings" in many.text
    assert "result.findings.to_pandas()" in many.text
    few = page_of(make_result((make_finding(0),)))
    assert "result.findings.to_pandas()" not in few.text


def test_nothing_hostile_is_markup_or_hides() -> None:
    page = page_of(make_hostile_result())
    assert page.tags <= ALLOWED
    assert "<script>" in page.text
    source = make_hostile_result()._repr_html_() or ""
    source.encode()
    assert not {unicodedata.category(c) for c in source.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_short_words_hold_nothing_of_an_input() -> None:
    result = make_hostile_result()
    for words in (repr(result), repr(result.findings), repr(result.load)):
        assert len(words) < 200
        assert words.isascii()
        assert words.isprintable()


def test_hostile_findings_are_a_table_too() -> None:
    table = make_hostile_result().findings.to_arrow()
    assert table.column("destination").to_pylist() == [HOSTILE.replace("\udc80", "\\udc80")]


def test_a_load_shows_its_report() -> None:
    load = make_load()
    page = page_of(load)
    hostile = page_of(make_hostile_load())
    assert hostile.tags == {"pre"}
    assert page.tags == {"pre"}
    assert page.text.split() == str(load).split()
    assert repr(load).startswith("<LoadResult service_ports=")


def test_rich_does_not_take_a_notebook_for_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it finds a notebook, it shows its lines there itself, and writes none."""
    elsewhere = str(make_result())
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert str(make_result()) == elsewhere
    assert elsewhere.startswith("flowcheck: ")

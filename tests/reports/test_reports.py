"""Every report against its golden file, and what holds for all of them.

FLOWCHECK_UPDATE_GOLDEN=1 rewrites the golden files.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.reports import FORMATS, renderer
from flowcheck.results.audit import AuditResult
from tests.reports.build import (
    make_clean_result,
    make_dropped,
    make_finding,
    make_hostile_result,
    make_result,
)

GOLDEN = Path(__file__).parent.parent / "golden"


def render(name: str, result: AuditResult, **options: Any) -> str:
    stream = io.StringIO()
    renderer(name)(result, stream, **options)
    return stream.getvalue()


def compare(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("FLOWCHECK_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


RESULTS: dict[str, Callable[[], AuditResult]] = {
    "everything": make_result,
    "clean": make_clean_result,
    "hostile": make_hostile_result,
}


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", RESULTS)
def test_terminal_report(name: str, width: int) -> None:
    text = render("terminal", RESULTS[name](), width=width, color="never")
    assert max(map(len, text.splitlines())) <= width
    compare(f"terminal-{name}-{width}.txt", text)


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "md"])
def test_report(form: str, name: str) -> None:
    compare(f"report-{name}.{form}", render(form, RESULTS[name]()))


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_leave_no_control_character_and_forge_no_line(form: str) -> None:
    text = render(form, make_hostile_result())
    assert all(line.isprintable() for line in text.split("\n"))
    assert not any(line.startswith("flowcheck: no violations") for line in text.split("\n"))
    text.encode("utf-8")


def test_json_holds_the_whole_summary_and_every_finding() -> None:
    result = make_result()
    document = json.loads(render("json", result))
    assert document["schema"] == 1
    assert document["summary"]["coverage"] == result.summary.coverage
    assert [finding["fingerprint"] for finding in document["findings"]] == [
        finding.fingerprint for finding in result.findings
    ]


def test_json_cannot_close_a_script_element() -> None:
    text = render("json", make_hostile_result())
    assert not set("<>&") & set(text)
    assert "<script>" in json.loads(text)["findings"][0]["source"]


def test_jsonl_is_one_finding_per_line() -> None:
    lines = render("jsonl", make_result()).splitlines()
    assert [json.loads(line)["kind"] for line in lines] == [
        "forwarded_denied",
        "forwarded_denied",
        "dropped_allowed",
    ]


def test_csv_has_one_row_per_finding_whatever_the_names() -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", make_hostile_result()))))
    assert len(rows) == 1
    assert rows[0]["example_src"].startswith("'=")


def test_no_violations_is_said_together_with_what_was_not_judged() -> None:
    text = render("terminal", make_result((), out=None), width=100)
    assert "no violations among 985,997 judged rows; 14,003 rows and 1 file not judged - INCOMPLETE" in text


def test_at_most_fifteen_findings_are_shown_and_the_rest_is_counted() -> None:
    findings = (*map(make_finding, range(20)), *map(make_dropped, range(8)))
    text = render("terminal", make_result(findings), width=160)
    assert text.count("-> payments/StatefulSet") - text.count("start with") == 10
    assert text.count("-> 203.0.113.0/24") == 5
    assert "and 10 more in out/findings.json" in text
    assert "and 3 more in out/findings.json" in text


def test_a_short_list_leaves_its_places_to_the_other() -> None:
    text = render("terminal", make_result((make_finding(), *map(make_dropped, range(14)))), width=160)
    assert "more in" not in text


def test_color_only_adds_to_what_is_said_without_it() -> None:
    plain = render("terminal", make_result(), width=100, color="never")
    colored = render("terminal", make_result(), width=100, color="always")
    assert "\x1b[" in colored
    assert "\x1b" not in plain


@pytest.mark.parametrize("percent", [99.999, 99.996])
def test_coverage_is_never_rounded_up_to_all(percent: float) -> None:
    from flowcheck.reports.wording import floored

    assert floored(percent) == "99.99"
    assert floored(100.0) == "100.00"

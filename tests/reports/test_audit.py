"""Every report against its golden file, and what holds for all of them.

FLOWCHECK_UPDATE_GOLDEN=1 rewrites the golden files.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from flowcheck.reports import FORMATS, renderer
from flowcheck.reports.audit.finding_wording import TITLES
from flowcheck.results.audit import AuditResult
from tests.reports.build import (
    make_clean_result,
    make_dropped,
    make_empty_result,
    make_finding,
    make_hostile_result,
    make_result,
    make_single_result,
    make_untold,
)

GOLDEN = Path(__file__).parent.parent / "golden"


def render(name: str, result: AuditResult, **options: Any) -> str:
    stream = io.StringIO()
    renderer("audit", name)(result, stream, **options)
    return stream.getvalue()


def compare(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("FLOWCHECK_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


CHANGE = ("NetworkPolicy/payments/ledger-only",)
RESULTS: dict[str, Callable[[], AuditResult]] = {
    "everything": make_result,
    "clean": make_clean_result,
    "hostile": make_hostile_result,
    "untold": lambda: make_result((make_finding(1, change=CHANGE), make_untold(2), make_dropped())),
    "empty": make_empty_result,
}


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", RESULTS)
def test_terminal_report(name: str, width: int) -> None:
    text = render("terminal", RESULTS[name](), width=width, color="never")
    assert max(map(len, text.splitlines())) <= width
    compare(f"terminal-{name}-{width}.txt", text)


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "md", "sarif", "junit", "github", "gitlab"])
def test_report(form: str, name: str) -> None:
    compare(f"report-{name}.{form}", render(form, RESULTS[name]()))


@pytest.mark.parametrize("form", FORMATS["audit"])
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
    answer = "no violations among 980,000 judged rows; policies do not reach 5,997 more rows"
    assert f"{answer}; 14,000 rows unknown; 3 rows and 1 file not judged - INCOMPLETE" in " ".join(
        text.split()
    )


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
    from flowcheck.reports.parts.units import floored

    assert floored(percent) == "99.99"
    assert floored(100.0) == "100.00"


@pytest.mark.parametrize("form", ["terminal", "md"])
def test_nothing_judged_is_the_first_thing_said_and_then_what_to_do(form: str) -> None:
    first, second, *_ = [line for line in render(form, make_empty_result()).splitlines() if line]
    assert "nothing was judged: no row has an end in the cluster (2 rows) - INCOMPLETE" in first.replace(
        "\\", ""
    )
    assert "is --cluster the cluster that the flows are from" in second.replace("\\", "")
    assert "no violations" not in render(form, make_empty_result())


def test_json_tells_why_nothing_was_judged() -> None:
    summary = json.loads(render("json", make_empty_result()))["summary"]
    assert summary["nothing"]["reason"] == "no_end_in_cluster"
    assert not summary["complete"]


@pytest.mark.parametrize("form", ["terminal", "md"])
def test_what_the_log_does_not_tell_never_went_through(form: str) -> None:
    text = render(form, make_result((make_untold(0), make_untold(1)), out=None))
    assert "went through" not in text.replace("whether they went through", "").replace(
        "whether it went through", ""
    )
    assert "23,500 records denied, and the log does not say whether they went through" in text


def test_breaches_come_before_noise_whatever_their_number() -> None:
    findings = (make_dropped(0, records=10**6), make_untold(1, records=10**5), make_finding(2, records=3))
    text = render("terminal", make_result(findings), width=160)
    assert "start with shop/Deployment/frontend -> payments/StatefulSet/ledger-2 5432/TCP" in text
    places = [text.index(title) for title in TITLES]
    assert places == sorted(places)


def test_next_names_the_policy_to_change_and_not_the_first_that_denies() -> None:
    names = ("allow-dns", "default-deny", "ledger")
    finding = make_finding(
        policies=tuple(f"default-deny by NetworkPolicy/payments/{name}" for name in names),
        policy_sources=tuple(f"policies.yaml:{line}" for line in (1, 9, 30)),
        change=("NetworkPolicy/payments/ledger",),
    )
    text = " ".join(render("terminal", make_result((finding,)), width=160).split("Next")[1].split())
    assert (
        "add a rule to NetworkPolicy/payments/ledger (policies.yaml:30); this writes it: flowcheck explain"
        in text
    )
    assert "allow-dns" not in text


def test_next_names_what_both_sides_need() -> None:
    finding = make_finding(direction="both", change=("NetworkPolicy/shop/front",), to_add=("ingress",))
    text = " ".join(render("terminal", make_result((finding,)), width=160).split("Next")[1].split())
    assert "allowed, on both sides, for each denies it: add a rule to NetworkPolicy/shop/front and " in text
    assert " and add a policy for ingress of payments/StatefulSet/ledger-0, as none that denies it" in text


@pytest.mark.parametrize("only_named", [0, 6_000])
def test_next_does_not_ask_for_what_the_log_cannot_tell(only_named: int) -> None:
    result = make_result()
    reasons = {"unresolved_src": 9_000, "no_port": 5_000}
    verdicts = msgspec.structs.replace(
        result.summary.verdicts, unknown_by_reason=reasons, only_named=only_named
    )
    summary = msgspec.structs.replace(result.summary, verdicts=verdicts)
    text = render("terminal", dataclasses.replace(result, summary=summary), width=160).split("Next")[1]
    assert ("the log gives no address of these ends" in text) is bool(only_named)
    assert ("take the snapshot closer to the flows" in text) is not bool(only_named)
    assert "fail a run only with --fail-on unresolved or --min-coverage" in " ".join(text.split())


def test_next_promises_a_rule_only_where_one_can_be_added() -> None:
    finding = make_finding(
        policies=("CiliumNetworkPolicy/payments/ledger[ingressDeny[0]]",),
        policy_sources=("policies.yaml:30",),
        change=("CiliumNetworkPolicy/payments/ledger[ingressDeny[0]]",),
    )
    text = " ".join(render("terminal", make_result((finding,)), width=160).split("Next")[1].split())
    assert "change CiliumNetworkPolicy/payments/ledger[ingressDeny[0]] (policies.yaml:30)" in text
    assert "this says why, rule by rule: flowcheck explain" in text
    assert "writes it" not in text


def test_rules_without_hits_are_named_the_first_of_them() -> None:
    rules = [
        {
            "policy": f"NetworkPolicy/a/p{n}",
            "rule": "ingress[0]",
            "file": "p.yaml",
            "line": n,
            "records": n % 2,
            "unknown_records": 7 * (n == 28),
        }
        for n in range(29)
    ]
    result = dataclasses.replace(make_result(out=None), policy_hits=pa.Table.from_pylist(rules))
    lines = render("terminal", result, width=160).split("Rules never hit\n")[1].split("\n\n")[0].splitlines()
    assert lines[0] == "  14 of 60 rules (23.33%) decided no flow"
    assert lines[1] == "  NetworkPolicy/a/p0[ingress[0]] (p.yaml:0)"
    assert lines[6] == "  and 9 more in policy_hits.parquet (audit -o DIR writes it)"
    assert len(lines) == 7
    open_ones = msgspec.structs.replace(result.summary, open_rules=1)
    text = render("terminal", dataclasses.replace(result, summary=open_ones), width=160)
    assert text.split("Rules never hit\n")[1].split("\n\n")[0].splitlines()[7:] == [
        "  1 more decided none for sure, and perhaps some of the unknown rows",
        "  NetworkPolicy/a/p28[ingress[0]] (p.yaml:28): may have been hit by 7 unknown rows",
    ]


@pytest.mark.parametrize("form", ["terminal", "md"])
def test_documents_that_were_left_out_are_named(form: str) -> None:
    result = make_result()
    cluster = msgspec.structs.replace(
        result.summary.cluster, refused=("c/bad.yaml:1: NetworkPolicy bad refused: x",)
    )
    result = dataclasses.replace(result, summary=msgspec.structs.replace(result.summary, cluster=cluster))
    assert "left out: c/bad.yaml:1: NetworkPolicy bad" in render(form, result)


def test_one_is_not_many() -> None:
    """Every count is 1: no sentence may say so of several."""
    text = render("terminal", make_single_result(), width=200)
    many = "rows|records|files|findings|pods|rules|hours|nodes|times|row have|row are|row report"
    wrong = re.findall(rf"(?<![\d,.])1 (?:{many})\b.*", text)
    assert wrong == []
    assert "1 row reports a connection once more and counts once" in text

"""The reports for continuous integration: their forms, their escaping, and what they say of each finding."""

from __future__ import annotations

import dataclasses
import io
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest

from flowcheck.reports import renderer
from flowcheck.reports.audit.gates.places import Place, place_of, places, relative
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.gate import Gate, Ignoring
from tests.reports.build import (
    HOSTILE,
    make_clean_result,
    make_dropped,
    make_empty_result,
    make_finding,
    make_hostile_result,
    make_result,
    make_untold,
)
from tests.reports.sarif_form import LOG

FORMS = ("sarif", "junit", "github", "gitlab")


def render(form: str, result: AuditResult) -> str:
    stream = io.StringIO()
    renderer("audit", form)(result, stream)
    return stream.getvalue()


def make_sorted(*, complete: bool = True, hostile: str = "", more: int = 0) -> AuditResult:
    """A new finding, a known one, an ignored one, an entry that expired and one that matches nothing."""
    because = f"until the exporter is gone{hostile} (team-shop, until 2027-05-31)"
    findings = (
        make_finding(0),
        make_finding(1, suppressed="baseline"),
        make_finding(2, suppressed="ignored", suppressed_because=because),
    )
    result = make_result(findings)
    file = f"{hostile}ignore.yaml"
    gate = Gate(
        new=1 + more,
        new_records=12_000,
        known=1,
        known_records=11_500,
        ignored=1,
        ignored_records=11_000,
        gone=4,
        baseline=f"former{hostile}",
        ignore_file=file,
        entries=(
            Ignoring(at=f"{file}:1", reason="r", owner="o", findings=1, records=11_000),
            Ignoring(at=f"{file}:5", reason=f"old{hostile}", owner="o", expires="2026-01-31", expired=True),
            Ignoring(at=f"{file}:9", reason="typo", owner="o"),
        ),
    )
    violations = msgspec.structs.replace(
        result.summary.violations, findings=3 + more, findings_not_listed=more, records_not_listed=more
    )
    summary = msgspec.structs.replace(result.summary, gate=gate, violations=violations)
    if complete:
        summary = msgspec.structs.replace(summary, complete=True, incomplete_because=())
    return dataclasses.replace(result, summary=summary)


RESULTS = {
    "everything": make_result,
    "clean": make_clean_result,
    "hostile": make_hostile_result,
    "empty": make_empty_result,
    "untold": lambda: make_result((make_untold(2), make_dropped())),
    "sorted": make_sorted,
    "sorted and hostile": lambda: make_sorted(hostile=HOSTILE, complete=False),
    "not all listed": lambda: make_sorted(more=7),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RESULTS)
def test_the_same_bytes_each_time_and_no_control_character(form: str, name: str) -> None:
    text = render(form, RESULTS[name]())
    assert text == render(form, RESULTS[name]())
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode("utf-8")


# -- SARIF --------------------------------------------------------------------------------------------


def sarif(result: AuditResult) -> Any:
    (run,) = json.loads(render("sarif", result))["runs"]
    return run


@pytest.mark.parametrize("name", RESULTS)
def test_sarif_has_the_form_of_the_standard(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(LOG)
    jsonschema.Draft202012Validator(LOG).validate(json.loads(render("sarif", RESULTS[name]())))


def test_the_form_finds_what_is_wrong() -> None:
    log = json.loads(render("sarif", make_result()))
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    for wrong in ("/etc/a.yaml", "../a.yaml", "a/../b.yaml", "a b.yaml", "c:d.yaml", ""):
        uri["uri"] = wrong
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(LOG).validate(log)


def test_sarif_shows_a_finding_at_its_policy_with_its_fingerprint() -> None:
    run = sarif(make_result())
    first = run["results"][0]
    rule = run["tool"]["driver"]["rules"][first["ruleIndex"]]
    assert (rule["id"], first["ruleId"], first["level"]) == ("forwarded_denied", "forwarded_denied", "error")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "cluster/policies/payments.yaml"},
        "region": {"startLine": 12},
    }
    assert first["partialFingerprints"]["flowcheckFinding/v1"] == "0" * 16
    assert first["partialFingerprints"]["primaryLocationLineHash"] == "0" * 16 + ":1"
    assert [one["level"] for one in run["results"]] == ["error", "error", "warning"]
    assert "baselineState" not in first
    assert "suppressions" not in first


def test_sarif_of_an_incomplete_run_says_that_it_failed_and_why() -> None:
    (invocation,) = sarif(make_result())["invocations"]
    assert invocation["executionSuccessful"] is False
    errors = [one for one in invocation["toolExecutionNotifications"] if one["level"] == "error"]
    assert [one["message"]["text"] for one in errors] == [
        "incomplete: 1 file failed",
        "incomplete: 3 rows were rejected (0 are tolerated)",
    ]


def test_sarif_of_a_clean_run_is_successful_and_has_the_rules_all_the_same() -> None:
    run = sarif(make_clean_result())
    assert run["results"] == []
    assert len(run["tool"]["driver"]["rules"]) == 2
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    assert {one["level"] for one in invocation["toolExecutionNotifications"]} == {"note"}


def test_sarif_tells_new_known_and_ignored_apart() -> None:
    run = sarif(make_sorted())
    states = [one["baselineState"] for one in run["results"]]
    assert states == ["new", "unchanged", "new"]
    assert [len(one["suppressions"]) for one in run["results"]] == [0, 0, 1]
    (suppression,) = run["results"][2]["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"].startswith("until the exporter is gone (team-shop")
    (invocation,) = run["invocations"]
    warnings = [one for one in invocation["toolExecutionNotifications"] if one["level"] == "warning"]
    lines = [one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in warnings]
    assert lines == [5, 9]


def test_in_sarif_nothing_from_an_input_is_a_placeholder_or_a_link() -> None:
    finding = make_finding(source="a{0}b [x](https://example.com/) {", policies=("p[q](1)",))
    (one,) = sarif(make_result((finding,)))["results"]
    text = one["message"]["text"]
    assert "](" not in text
    assert "{" not in text.replace("{{", "").replace("}}", "")
    assert "a{{0}}b [x] (https" in text


# -- JUnit --------------------------------------------------------------------------------------------


def junit(result: AuditResult) -> ElementTree.Element:
    (suite,) = ElementTree.fromstring(render("junit", result)).findall("testsuite")
    return suite


def cases(suite: ElementTree.Element) -> list[tuple[str, str]]:
    return [
        (str(case.get("classname")), child[0].tag if (child := list(case)) else "")
        for case in suite.findall("testcase")
    ]


@pytest.mark.parametrize("name", RESULTS)
def test_junit_counts_what_it_holds(name: str) -> None:
    suite = junit(RESULTS[name]())
    tags = Counter(tag for _, tag in cases(suite))
    told = {key: int(suite.get(key, "-1")) for key in ("tests", "failures", "errors", "skipped")}
    assert told == {
        "tests": sum(tags.values()),
        "failures": tags["failure"],
        "errors": tags["error"],
        "skipped": tags["skipped"],
    }
    names = [(case.get("classname"), case.get("name")) for case in suite.findall("testcase")]
    assert len(set(names)) == len(names)


def test_junit_of_a_clean_run_is_one_test_that_passed() -> None:
    assert cases(junit(make_clean_result())) == [("flowcheck", "")]


def test_junit_has_a_case_for_each_finding_and_an_error_where_the_run_is_incomplete() -> None:
    suite = junit(make_result())
    assert cases(suite) == [
        ("flowcheck", "error"),
        *[("flowcheck.forwarded_denied", "failure")] * 2,
        ("flowcheck.dropped_allowed", "failure"),
    ]
    (error,) = suite.iter("error")
    assert "1 file failed" in str(error.get("message"))
    assert suite.findall("testcase")[1].get("file") == "cluster/policies/payments.yaml"
    assert "INCOMPLETE" in str(suite.findtext("system-out"))


def test_junit_skips_what_is_known_or_ignored() -> None:
    suite = junit(make_sorted(more=7))
    assert [tag for _, tag in cases(suite)] == ["", "failure", "failure", "skipped", "skipped"]
    said = [str(one.get("message")) for one in suite.iter("skipped")]
    assert said[0].startswith("known: in the baseline too")
    assert said[1].startswith("ignored: until the exporter is gone")


def test_junit_gives_back_what_xml_would_take_for_its_own() -> None:
    name = """a<b>&"c"'d]]>"""
    suite = junit(make_result((make_finding(source=name),)))
    assert str(suite.findall("testcase")[1].get("name")).startswith(name)
    assert name in str(next(suite.iter("failure")).text)


# -- GitHub's workflow commands -----------------------------------------------------------------------


def commands(result: AuditResult) -> list[tuple[str, dict[str, str], str]]:
    """As the runner reads them: name, properties, message."""
    found = []
    for line in render("github", result).splitlines():
        empty, head, message = line.split("::", 2)
        assert empty == ""
        name, _, given = head.partition(" ")
        pairs = dict(one.split("=", 1) for one in given.split(","))
        found.append((name, {key: unquote(value) for key, value in pairs.items()}, unquote(message)))
    return found


def test_github_puts_what_is_grave_first_and_each_at_its_line() -> None:
    found = commands(make_result())
    assert [name for name, _, _ in found][:5] == ["error", "error", "error", "error", "warning"]
    assert found[0][1] == {"title": "flowcheck: incomplete"}
    assert found[2][1]["file"] == "cluster/policies/payments.yaml"
    assert found[2][1]["line"] == "12"
    assert found[2][1]["title"] == "Forbidden by policy, yet not stopped"


def test_github_has_a_line_for_new_findings_alone_and_counts_the_others() -> None:
    found = commands(make_sorted())
    assert [name for name, _, _ in found if name == "error"] == ["error"]
    warned = [(given["file"], given["line"]) for name, given, _ in found if name == "warning"]
    assert warned == [("ignore.yaml", "5"), ("ignore.yaml", "9")]
    assert any("1 new, 1 known, 1 ignored" in message for name, _, message in found if name == "notice")


def test_github_gives_back_what_the_runner_would_take_for_its_own() -> None:
    place = "a,line=1::b%25.yaml:3"
    result = make_result((make_finding(policy_sources=(place,), source="100%,::error::"),))
    error = next(one for one in commands(result) if "file" in one[1])
    assert error[1]["file"] == "a,line=1::b%25.yaml"
    assert "100%,::error::" in error[2]
    assert sum("::error " in line for line in render("github", result).splitlines()) == 3


# -- GitLab's code quality ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", RESULTS)
def test_gitlab_has_what_gitlab_needs(name: str) -> None:
    issues = json.loads(render("gitlab", RESULTS[name]()))
    for issue in issues:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith(("/", "./", "../"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_gitlab_counts_what_is_known_or_ignored() -> None:
    issues = json.loads(render("gitlab", make_sorted()))
    assert [issue["severity"] for issue in issues] == ["critical", *["info"] * 2, *["minor"] * 2, "info"]
    assert "1 new, 1 known, 1 ignored" in issues[-1]["description"]


def test_gitlab_of_a_clean_run_is_empty() -> None:
    assert json.loads(render("gitlab", make_clean_result())) == []


# -- places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("policies/a.yaml", "policies/a.yaml"),
        ("./policies//a.yaml", "policies/a.yaml"),
        ("../../policies/a.yaml", "policies/a.yaml"),
        ("x/../a.yaml", "a.yaml"),
        ("/srv/cluster/a.yaml", "srv/cluster/a.yaml"),
        ("..", "unknown"),
        ("", "unknown"),
    ],
)
def test_paths_are_relative_and_lead_nowhere_else(path: str, shown: str) -> None:
    assert relative(path) == shown


def test_a_path_below_the_folder_of_the_run_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative(f"{os.getcwd()}/policies/a.yaml") == "policies/a.yaml"
    assert relative(f"{os.getcwd()}-too/a.yaml") == f"{os.getcwd()}-too/a.yaml".lstrip("/")


@pytest.mark.parametrize(
    ("source", "uri", "line"),
    [
        ("a b/ü%:1.yaml:7", "a%20b/%C3%BC%25%3A1.yaml", 7),
        ("a.yaml", "a.yaml", 0),
        ("a.yaml:0", "a.yaml%3A0", 0),
        ("\udcff.yaml:2", "%FF.yaml", 2),
        ("\ud800.yaml", "%5Cud800.yaml", 0),
    ],
)
def test_uris_are_percent_encoded(source: str, uri: str, line: int) -> None:
    place = place_of(source)
    assert (place.uri, place.line) == (uri, line)


def test_a_finding_is_shown_at_the_policy_to_change() -> None:
    finding = make_finding(
        policies=("default-deny by NetworkPolicy/a/all", "default-deny by NetworkPolicy/a/db"),
        policy_sources=("all.yaml:1", "db.yaml:4"),
        change=("NetworkPolicy/a/db",),
    )
    assert places(finding) == [Place("db.yaml", 4), Place("all.yaml", 1)]


def test_a_finding_that_no_file_decides_is_shown_at_its_log() -> None:
    assert places(make_finding(policies=(), policy_sources=())) == [Place("flows/a.parquet")]

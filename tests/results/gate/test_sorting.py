"""New, known, ignored, gone: how findings are sorted, and how many of each are told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from flowcheck.errors import RunError
from flowcheck.results.finding.gathering import Gathered
from flowcheck.results.gate.baseline import Baseline, read_baseline, refuse_own_output
from flowcheck.results.gate.ignoring import Ignores
from flowcheck.results.gate.matching import Entry, Match
from flowcheck.results.gate.sorting import sort_findings
from flowcheck.results.records.findings import Finding
from flowcheck.results.records.gate import Gate
from flowcheck.writing import json_text
from tests.reports.build import make_dropped, make_finding

TODAY = date(2026, 11, 30)
FINDINGS = [make_finding(0), make_finding(1), make_finding(2), make_dropped()]


def former(*numbers: int) -> Baseline:
    return Baseline("former", frozenset(f"{number:016x}" for number in numbers), "0" * 64)


def entry(match: Match, expires: date | None = None, line: int = 1) -> Entry:
    return Entry(match, "reason", "owner", f"ignore.yaml:{line}", expires)


def ignores(*entries: Entry) -> Ignores:
    return Ignores("ignore.yaml", entries, "1" * 64)


def sort(baseline: Baseline | None, ignored: Ignores | None, more: int = 0) -> tuple[list[str], Gate]:
    """What each finding is marked with, by its number, and the counts."""
    found, gate = sort_findings(Gathered(FINDINGS, more, 10 * more), baseline, ignored, TODAY)
    assert gate is not None
    return [f"{int(one.fingerprint, 16)} {one.suppressed}".strip() for one in found], gate


def test_held_against_nothing_all_stays_as_it_was() -> None:
    assert sort_findings(Gathered(FINDINGS, 0, 0), None, None, TODAY) == (FINDINGS, None)


def test_what_the_baseline_has_is_known_and_comes_after_what_is_new_of_its_group() -> None:
    marks, gate = sort(former(0, 7, 8), None)
    assert marks == ["1", "2", "0 baseline", "100"]
    assert (gate.new, gate.known, gate.ignored, gate.gone) == (3, 1, 0, 2)
    assert (gate.new_records, gate.known_records) == (11_500 + 11_000 + 40, 12_000)


def test_an_ignored_finding_is_ignored_whether_or_not_it_is_known() -> None:
    marks, gate = sort(former(0, 1), ignores(entry(Match(id=f"{1:016x}")), entry(Match(id=f"{2:016x}"))))
    assert marks == ["0 baseline", "1 ignored", "2 ignored", "100"]
    assert (gate.new, gate.known, gate.ignored, gate.gone) == (1, 1, 2, 0)


@pytest.mark.parametrize(
    ("last", "ignored"), [(None, 1), (date(2026, 11, 30), 1), (date(2026, 12, 1), 1), (date(2026, 11, 29), 0)]
)
def test_an_entry_hides_until_its_last_day_is_over(last: date | None, ignored: int) -> None:
    _, gate = sort(None, ignores(entry(Match(id=f"{1:016x}"), last)))
    (told,) = gate.entries
    assert (gate.ignored, gate.new) == (ignored, 4 - ignored)
    assert told.expired is not bool(ignored)
    assert (told.findings, told.records) == (1, 11_500)


def test_an_entry_that_matches_nothing_is_told() -> None:
    _, gate = sort(None, ignores(entry(Match(dst="nobody")), entry(Match(kind="dropped_allowed"), line=4)))
    assert [(one.at, one.findings) for one in gate.entries] == [("ignore.yaml:1", 0), ("ignore.yaml:4", 1)]


def test_the_first_entry_gives_the_reason() -> None:
    match = Match(id=f"{1:016x}")
    first = Entry(match, "first", "team", "ignore.yaml:1", date(2027, 5, 31))
    found, _ = sort_findings(Gathered(FINDINGS, 0, 0), None, ignores(first, entry(match)), TODAY)
    assert [one.suppressed_because for one in found if one.suppressed] == ["first (team, until 2027-05-31)"]


def test_what_is_not_listed_is_new_and_leaves_open_what_is_gone() -> None:
    _, gate = sort(former(0, 7), None, more=5)
    assert (gate.new, gate.new_records, gate.gone) == (3 + 5, 11_500 + 11_000 + 40 + 50, None)


# -- the baseline's folder ----------------------------------------------------------------------------


def write(folder: Path, *findings: Finding, schema: int = 1) -> Path:
    document = {"schema": schema, "version": "0", "findings": msgspec.to_builtins(findings)}
    (folder / "findings.json").write_text(json_text(document))
    return folder


def test_a_baseline_is_its_fingerprints_but_those_that_were_ignored(tmp_path: Path) -> None:
    """Else what was ignored for a time would be hidden for good."""
    findings = (
        make_finding(0),
        make_finding(1, suppressed="baseline"),
        make_finding(2, suppressed="ignored", suppressed_because="why"),
    )
    read = read_baseline(write(tmp_path, *findings))
    assert read.fingerprints == {f"{0:016x}", f"{1:016x}"}
    assert read.folder == str(tmp_path)


def test_a_baseline_may_have_names_that_are_no_utf8(tmp_path: Path) -> None:
    assert len(read_baseline(write(tmp_path, make_finding(source="\udcff"))).fingerprints) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not what an audit writes"),
        ("[" * 100_000, "is not what an audit writes"),
        ('{"schema": 1, "findings": [{"fingerprint": 3}]}', "is not what an audit writes"),
        ('{"schema": 1}', "is not what an audit writes"),
        ('{"schema": 99, "findings": []}', "has schema 99, not 1"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "findings.json").write_text(text)
    with pytest.raises(RunError, match=said):
        read_baseline(tmp_path)


def test_a_baseline_without_findings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot read"):
        read_baseline(tmp_path)


def test_a_baseline_is_not_the_folder_that_is_written_to(tmp_path: Path) -> None:
    refuse_own_output(tmp_path, None)
    refuse_own_output(tmp_path, tmp_path / "other")
    with pytest.raises(RunError, match="the folder that the result goes to"):
        refuse_own_output(f"{tmp_path}/x/..", tmp_path)

"""The ignore file: what it says, what is refused and where, and which findings an entry is about."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flowcheck.errors import RunError
from flowcheck.results.gate.ignoring import MOST_BYTES, read_ignores
from flowcheck.results.gate.matching import Match, is_like
from tests.reports.build import make_dropped, make_finding

GOOD = """\
- match: {id: "0000000000000001"}
  reason: the exporter is replaced in May
  owner: team-shop
  expires: 2027-05-31
- match:
    kind: dropped_allowed
    src: monitoring/*
    port: 53/UDP
    policy: [NetworkPolicy/a/b, "NetworkPolicy/c/*"]
  reason: 42
  owner: no
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "ignore.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_what_an_entry_says(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    first, second = read_ignores(file).entries
    assert first.match == Match(id="0000000000000001")
    assert (first.reason, first.owner) == ("the exporter is replaced in May", "team-shop")
    assert (first.at, first.expires) == (f"{file}:1", date(2027, 5, 31))
    assert second.match == Match(
        kind="dropped_allowed",
        src="monitoring/*",
        port="53/UDP",
        policies=("NetworkPolicy/a/b", "NetworkPolicy/c/*"),
    )
    assert (second.reason, second.owner) == ("42", "no")
    assert (second.at, second.expires) == (f"{file}:5", None)


REST = "  reason: r\n  owner: o\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("- match: {src: a}\n  owner: o\n", 1, "has no reason"),
        ("- match: {src: a}\n  reason: r\n", 1, "has no owner"),
        ("- match: {src: a}\n  reason: r\n  owner:\n", 1, "has no owner"),
        ("- match: {src: a}\n  reason: ' '\n  owner: o\n", 2, "reason is no text"),
        (f"{REST}".replace("  reason", "- reason", 1), 1, "has no match"),
        (f"- match: {{src: a}}\n{REST}  expires: 2027-02-30\n", 4, "expires is no date"),
        (f"- match: {{src: a}}\n{REST}  expires: soon\n", 4, "expires is no date"),
        (f"- match: {{src: a}}\n{REST}  expires: 20270228\n", 4, "expires is no date"),
        (f"- match: {{src: a}}\n{REST}  expires:\n", 4, "expires is no date"),
        (f"- match: {{src: a}}\n{REST}  until: 2027-02-28\n", 4, "has no 'until'"),
        (f"- match: {{source: a}}\n{REST}", 1, "has no 'source'"),
        (f"- match: {{}}\n{REST}", 1, "takes in everything"),
        (f"- match: {{src: '*', dst: '**'}}\n{REST}", 1, "takes in everything"),
        (f"- match: {{policy: []}}\n{REST}", 1, "takes in everything"),
        (f"- match: all\n{REST}", 1, "is not a mapping"),
        (f"- match:\n    src: a\n    id: xyz\n{REST}", 3, "match.id is 'xyz'"),
        (f"- match: {{id: 1234567890123e45}}\n{REST}", 1, "id is no text"),
        (f"- match: {{port: http}}\n{REST}", 1, "match.port is 'http'"),
        (f"- match: {{kind: denied}}\n{REST}", 1, "match.kind is 'denied'"),
        ("- all of them\n", 1, "an entry is not a mapping"),
        (f"- match: {{src: a, src: b}}\n{REST}", 1, "src"),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, line: int, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(RunError) as caught:
        read_ignores(file)
    told = str(caught.value)
    assert f"{file}:{line}: " in told
    assert said in told


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        read_ignores(write(tmp_path, f"- match: {{}}\n{REST}- match: {{dst: a}}\n  owner: o\n"))
    assert [one.where.rpartition(":")[2] for one in caught.value.problems] == ["1", "4"]


@pytest.mark.parametrize("text", ["", "match: {src: a}\n", "- match: {src: a}\n---\n- match: {src: a}\n"])
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RunError, match="is not one list"):
        read_ignores(write(tmp_path, text))


def test_an_empty_list_ignores_nothing(tmp_path: Path) -> None:
    assert read_ignores(write(tmp_path, "[]\n")).entries == ()


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot read"):
        read_ignores(tmp_path / "none.yaml")
    with pytest.raises(RunError, match="larger than"):
        read_ignores(write(tmp_path, "#" * (MOST_BYTES + 1)))


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("a*", "ab", True),
        ("*b", "ab", True),
        ("a*a", "a", False),
        ("a*b*c", "a1b2b3c", True),
        ("a*b*c", "a1c", False),
        ("*b*", "abc", True),
        ("a[0]*", "a[0]x", True),
        ("a?", "ab", False),
        ("*a*a*a*a*a*a*a*b", "a" * 20_000, False),
    ],
)
def test_a_star_stands_for_any_text(pattern: str, text: str, holds: bool) -> None:
    assert is_like(pattern, text) is holds


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        (Match(id="0000000000000001"), True),
        (Match(id="0000000000000002"), False),
        (Match(kind="forwarded_denied"), True),
        (Match(kind="dropped_allowed"), False),
        (Match(src="shop/*", dst="payments/*"), True),
        (Match(src="shop/*", dst="shop/*"), False),
        (Match(port="5432"), True),
        (Match(port="5432/TCP"), True),
        (Match(port="5432/UDP"), False),
        (Match(port="543"), False),
        (Match(policies=("NetworkPolicy/payments/ledger-only",)), True),
        (Match(policies=("default-deny by NetworkPolicy/payments/*",)), True),
        (Match(policies=("NetworkPolicy/payments/ledger",)), False),
    ],
)
def test_which_findings_an_entry_is_about(match: Match, holds: bool) -> None:
    assert match.covers(make_finding(1)) is holds


def test_a_policy_is_named_with_or_without_its_rule() -> None:
    dropped = make_dropped()
    assert Match(policies=("NetworkPolicy/monitoring/agent-out",)).covers(dropped)
    assert Match(policies=("NetworkPolicy/monitoring/agent-out[egress[0]]",)).covers(dropped)
    assert not Match(policies=("NetworkPolicy/monitoring/agent-out[egress[1]]",)).covers(dropped)


def test_what_another_policy_forbids_too_is_not_ignored_with_the_first() -> None:
    both = make_finding(policies=("default-deny by NetworkPolicy/a/b", "default-deny by NetworkPolicy/c/d"))
    assert not Match(policies=("NetworkPolicy/a/b",)).covers(both)
    assert Match(policies=("NetworkPolicy/a/b", "NetworkPolicy/c/d")).covers(both)
    assert not Match(policies=("*x*",)).covers(make_finding(policies=()))


def test_a_finding_of_many_ports_is_not_that_of_one() -> None:
    assert not Match(port="443").covers(make_finding(port=None, n_ports=40, ports=("440-479",)))

"""Findings of many ports are one, of many findings the gravest are listed, and no sum wraps."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowcheck
from flowcheck.cli.exits import Exit
from flowcheck.reports.audit.finding_wording import next_steps, port
from flowcheck.results import exact
from flowcheck.results.finding.examples import Examples
from flowcheck.results.finding.firsts import Firsts
from flowcheck.results.records.findings import MOST_PORTS, MOST_RANGES
from tests.cli.run import flowcheck as run

WORLD = "".join(
    "apiVersion: v1\nkind: Pod\n"
    f"metadata: {{name: {name}, namespace: x, labels: {{app: {name}}}}}\nstatus: {{podIP: {address}}}\n---\n"
    for name, address in (("a", "10.0.0.1"), ("b", "10.0.0.2"), ("c", "10.0.0.3"))
) + (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: d, namespace: x}\n"
    "spec: {podSelector: {}, policyTypes: [Ingress]}\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: x}\n"
    "spec: {selector: {app: b}, clusterIP: 10.96.0.1, ports: [{port: 1}]}\n"
)
A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
Row = tuple[str, str, int | None]


@pytest.fixture
def world(tmp_path: Path) -> str:
    path = tmp_path / "world.yaml"
    path.write_text(WORLD)
    return str(path)


def table(*flows: Row, **columns: Any) -> pa.Table:
    given = {
        "start_time": pa.array([1_772_000_000_000_000 + n for n in range(len(flows))], pa.timestamp("us")),
        "src_ip": [src for src, _, _ in flows],
        "dst_ip": [dst for _, dst, _ in flows],
        "dst_port": pa.array([port for _, _, port in flows], pa.int32()),
        "protocol": [6] * len(flows),
        "action": [1] * len(flows),
        **columns,
    }
    return pa.table(given)


def to(dst: str, *ports: int | None) -> list[Row]:
    return [(A, dst, port) for port in ports]


pytestmark = pytest.mark.usefixtures("forked_workers")


def test_as_many_ports_as_may_be_are_findings_of_their_own(world: str) -> None:
    result = flowcheck.audit(table(*to(B, *range(1, MOST_PORTS + 1))), world, jobs=1)
    assert sorted(finding.port or 0 for finding in result.findings) == [*range(1, MOST_PORTS + 1)]
    assert {finding.n_ports for finding in result.findings} == {0}


def test_more_are_one_of_ranges(world: str) -> None:
    ports = [9000, *range(1, MOST_PORTS), 443, 9000]
    flows = [*to(B, *ports, None), *to(C, 80)]
    result = flowcheck.audit(table(*flows, bytes=[7] * len(flows)), world, jobs=1)
    many, *others = result.findings
    assert (many.port, many.n_ports, many.ports) == (
        None,
        MOST_PORTS + 1,
        (f"1-{MOST_PORTS - 1}", "443", "9000"),
    )
    assert (many.records, many.flows, many.bytes) == (len(ports), len(ports), 7 * len(ports))
    assert (many.example.row, many.example.dst) == (0, "x/Pod/b")
    assert port(many) == f"{MOST_PORTS + 1} ports of TCP (1-{MOST_PORTS - 1}, 443, 9000)"
    assert [(other.port, other.destination, other.n_ports) for other in others] == [
        (None, "x/Pod/b", 0),
        (80, "x/Pod/c", 0),
    ]
    assert result.summary.violations.findings == 3
    assert result.findings.to_arrow().column("n_ports").to_pylist() == [MOST_PORTS + 1, 0, 0]
    assert len({finding.fingerprint for finding in result.findings}) == 3


def test_no_more_ranges_are_told_than_are_read(world: str) -> None:
    odd = range(1, 2 * MOST_RANGES + 9, 2)
    (finding,) = flowcheck.audit(table(*to(B, *odd)), world, jobs=1).findings
    assert (len(finding.ports), finding.n_ports) == (MOST_RANGES, len(odd))
    assert port(finding).endswith("(1, 3, 5, ...)")


def test_the_same_whatever_the_order_of_the_rows_and_files(world: str, tmp_path: Path) -> None:
    flows = [*to(B, *range(1, 60)), *to(C, *range(1, 12))]
    dice, found = random.Random(5), set()
    for number in range(4):
        dice.shuffle(flows)
        folder = tmp_path / str(number)
        folder.mkdir()
        for place, part in enumerate((flows[:30], flows[30:])):
            pq.write_table(table(*part), folder / f"{place}.parquet", row_group_size=7)
        result = flowcheck.audit(str(folder), world, jobs=2)
        found.add(tuple((one.fingerprint, one.port, one.ports, one.records) for one in result.findings))
        for one in result.findings:
            rows = pq.read_table(one.example.file).slice(one.example.row, 1).to_pylist()
            assert (rows[0]["dst_ip"] == B) == (one.destination == "x/Pod/b")
            assert one.port in (None, rows[0]["dst_port"])
    assert len(found) == 1


def test_the_gravest_are_listed_and_the_others_counted(world: str, tmp_path: Path) -> None:
    flows = [*to(B, 1, 1, 1, 2, 2, 3, 4, 5), *to(C, 6, 6)]
    whole = flowcheck.audit(table(*flows), world, jobs=1)
    for most in (1, 2, 3, 5, 6, 7):
        result = flowcheck.audit(table(*flows), world, jobs=1, max_findings=most)
        assert [*result.findings] == [*whole.findings][:most]
        violations = result.summary.violations
        assert violations.findings == len(whole.findings) == 6
        assert violations.findings_not_listed == max(0, 6 - most)
        listed = sum(finding.records for finding in result.findings)
        assert violations.records_not_listed == len(flows) - listed
        assert any("--max-findings" in step for step in next_steps(result)) == (most < 6)
    pq.write_table(table(*flows), tmp_path / "f.parquet")
    done = run("audit", tmp_path / "f.parquet", "--cluster", world, "--max-findings", "2")
    assert done.returncode == Exit.VIOLATIONS
    assert "4 findings more, of 5 records, are counted and not listed" in " ".join(done.stdout.split())


# -- examples ------------------------------------------------------------------------------------------


def kept(order: Sequence[tuple[int, int]], in_turn: int = 1) -> dict[tuple[int, int, int], int]:
    """``order``: ports, with the row of each, so many at a time."""
    examples = Examples()
    for begin in range(0, len(order), in_turn):
        some = [(1, 2, at, row, 0, 0) for at, row in order[begin : begin + in_turn]]
        examples.add(np.array(some, dtype=np.int64), 0, "f", 0)
    return {(one[0], one[1], one[2]): one[3] for one in examples.kept().tolist()}


def test_the_earliest_are_kept_in_whatever_order_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowcheck.results.finding.examples._AT_LEAST", 7)
    rows = [(at, 100 - at) for at in range(1, 40)]
    dice, first = random.Random(3), kept(rows)
    assert sorted(first.values()) == [*range(61, 61 + MOST_PORTS + 1)]
    for in_turn in range(1, 11):
        dice.shuffle(rows)
        assert kept(rows, in_turn) == first
    assert kept([(1, 5), (1, 3), (1, 4)]) == {(1, 2, 1): 3}


def test_files_come_by_name_and_each_finding_has_its_earliest() -> None:
    examples = Examples()
    for file, name in ((0, "b"), (1, "a")):
        found = [(groups, 0, port, 10 * port + file, 0, 0) for groups in (1, 2) for port in (1, 2)]
        examples.add(np.array(found, dtype=np.int64), file, name, 0)
    keys = np.array([(groups, 0, port) for groups in (1, 2, 3) for port in (1, 2, 3)], dtype=np.int64)
    which = np.array([-1, 0, -1, 1, 1, -1, -1, -1, -1])
    assert examples.earliest(keys, which, 2)[:, :4].tolist() == [[1, 0, 2, 21], [2, 0, 1, 11]]


def test_a_task_keeps_of_each_edge_its_first_row_and_of_many_ports_few() -> None:
    dice = np.random.default_rng(5)
    firsts, rows = Firsts(), np.arange(400, dtype=np.int64)
    seen: dict[tuple[int, int], dict[int, tuple[int, int, int]]] = {}
    for batch in range(40):
        groups, ports = dice.integers(1, 4, 400), dice.integers(1, 30 + 20 * batch, 400)
        firsts.add(groups, np.zeros_like(groups), ports, rows + 400 * batch)
        for at, key in enumerate(zip(groups.tolist(), ports.tolist(), strict=True)):
            known = seen.setdefault((key[0], 0), {})
            if key[1] not in known and len(known) <= MOST_PORTS:
                known[key[1]] = (400 * batch + at, batch, at)
    expected = {(groups, 0, port, *where) for (groups, _), own in seen.items() for port, where in own.items()}
    assert {*map(tuple, np.concatenate(firsts.take()).tolist())} == expected
    assert len(expected) == 3 * (MOST_PORTS + 1)
    firsts.add(np.ones(1, np.int64), np.zeros(1, np.int64), np.full(1, 5), np.full(1, 16_000))
    assert [rows.tolist() for rows in firsts.take()] == [[[1, 0, 5, 16_000, 40, 0]]]
    assert firsts.take() == []


# -- sums ----------------------------------------------------------------------------------------------


def test_sums_are_exact_past_what_an_int64_holds() -> None:
    values = np.array([(1 << 62) - 1] * 9, dtype=np.int64)
    assert exact.exact_sum(values) == 9 * ((1 << 62) - 1)
    assert exact.exact_sums(values, np.array([0, 4, 5])) == [n * ((1 << 62) - 1) for n in (4, 1, 4)]
    assert exact.exact_sums(values[:0], values[:0]) == []
    assert exact.exact_sum(values[:0]) == 0


@pytest.mark.parametrize("what", ["bytes", "flow_count", "packets"])
def test_what_no_network_can_carry_is_refused_by_name(
    world: str, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("flowcheck.runners.merged.MOST", 100)
    amounts = {what: pa.array([60, 60], pa.int64())}
    with pytest.raises(flowcheck.RunError, match=f"{what} of all files adds up to more than any network"):
        flowcheck.audit([table(*to(B, 1, 1), **amounts)], world, jobs=1)


def test_packets_of_one_task_are_refused_too(world: str) -> None:
    packets = pa.array([1 << 50] * 70, pa.int64())
    result = flowcheck.audit(table(*to(B, *[1] * 70), packets=packets), world, jobs=1)
    (file,) = result.ledger.files
    assert "packets adds up to more than any network can carry" in str(file)

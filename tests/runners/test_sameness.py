"""One answer: whatever the number of workers, the order of files, the filters, the cuts into batches."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flowcheck.api import audit, compile_program
from flowcheck.flows.canonical.schema import COLUMNS
from flowcheck.flows.files.finding import MANIFEST
from flowcheck.judging.frame import evaluate
from flowcheck.reading import load_cluster
from flowcheck.runners.workspace import LOCK
from tests.runners.worlds import DB, NOON, OUTPUTS, US, WEB, flows, ledger, outputs, write

pytestmark = pytest.mark.usefixtures("forked_workers")

STRANGER = "203.0.113.9"


def mixed(n_rows: int, seed: int) -> pa.Table:
    """Every outcome in turn: allowed, denied, dropped, and addresses inside and outside the cluster."""
    dice = np.random.default_rng(seed)
    return flows(
        n_rows,
        start_time=pa.array(NOON + dice.integers(-(10**6), 10**6, n_rows), US),
        src_ip=pa.array(dice.choice([WEB, DB, STRANGER], n_rows)).dictionary_encode(),
        dst_ip=pa.array(dice.choice([WEB, DB, STRANGER], n_rows)).dictionary_encode(),
        dst_port=pa.array(dice.choice([22, 80, 5432], n_rows)),
        action=pa.array(dice.choice([0, 1, 2, 4], n_rows), pa.int8()),
        observer=pa.array([f"node-{i % 97}" for i in range(n_rows)]).dictionary_encode(),
        src_port=pa.array(dice.integers(1, 65536, n_rows), pa.uint16()),
    )


def test_the_bytes_do_not_depend_on_workers_or_order(tmp_path: Path, cluster: Path) -> None:
    """27 runs. The ledger is the same too; a summary tells the times and the number of workers."""
    files = [
        write(tmp_path / "f" / f"{n}.parquet", mixed(2_000 + 3_000 * n, n), row_group_size=1_500)
        for n in range(4)
    ]
    orders = (files, files[::-1], [tmp_path / "f"])
    seen = set()
    for jobs, paths, _ in product((1, 2, 4), orders, range(3)):
        audit(paths, cluster, out=tmp_path / "out", jobs=jobs)
        found = {
            path.name: sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / "out").iterdir()
            if path.name not in (MANIFEST, LOCK)
        }
        listed = json.loads((tmp_path / "out" / MANIFEST).read_text())["files"]
        assert {each["file"]: each["sha256"] for each in listed} == found
        assert {*OUTPUTS, "ledger.json", "summary.json"} == found.keys()
        del found["summary.json"]
        seen.add(tuple(sorted(found.items())))
    assert len(seen) == 1


@pytest.mark.parametrize("year", [1975, 2199])
def test_a_clock_that_is_wrong_changes_only_when_the_run_began(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    """Of the run itself: a worker asks for no date."""
    file = write(tmp_path / "f.parquet", mixed(2_000, 1))
    audit(file, cluster, out=tmp_path / "right")

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Wrong:
            return cls(year, 1, 1, tzinfo=tz)

    monkeypatch.setattr("flowcheck.runners.local.datetime", Wrong)
    monkeypatch.setattr("time.time", lambda: 0.0)
    audit(file, cluster, out=tmp_path / "wrong")
    assert outputs(tmp_path / "wrong") == outputs(tmp_path / "right")
    assert ledger(tmp_path / "wrong") == ledger(tmp_path / "right")
    assert str(year) in (tmp_path / "wrong" / "summary.json").read_text()


def test_the_same_file_elsewhere_gives_the_same_edges(tmp_path: Path, cluster: Path) -> None:
    first = write(tmp_path / "a" / "f.parquet", mixed(1000, 1))
    audit(first, cluster, out=tmp_path / "one")
    shutil.copyfile(first, tmp_path / "g.parquet")
    audit(tmp_path / "g.parquet", cluster, out=tmp_path / "two")
    assert outputs(tmp_path / "one")["edges.parquet"] == outputs(tmp_path / "two")["edges.parquet"]


@pytest.mark.parametrize("delta", [False, True])
def test_violations_are_the_rows_that_evaluate_finds(tmp_path: Path, cluster: Path, delta: bool) -> None:
    """Over batch and row-group boundaries, with columns that only violations need read later."""
    table = mixed(300_000, 5)
    options = {"use_dictionary": False, "column_encoding": {"observer": "DELTA_BYTE_ARRAY"}} if delta else {}
    written = table.set_column(6, "observer", table["observer"].cast(pa.string())) if delta else table
    file = write(tmp_path / "f.parquet", written, row_group_size=170_001, **options)
    audit(file, cluster, out=tmp_path / "out", jobs=2)
    found = pq.read_table(tmp_path / "out" / "violations.parquet")
    found.validate(full=True)
    judged = evaluate(
        compile_program(load_cluster([cluster])), table.append_column("row", pa.array(range(300_000)))
    )
    stopped = pc.is_in(judged["action"], pa.array([2, 4], pa.int8()))
    denied = pc.and_(pc.equal(judged["verdict"], "deny"), pc.invert(stopped))
    dropped = pc.and_(pc.equal(judged["verdict"], "allow"), pc.equal(judged["action"], 2))
    expected = judged.filter(pc.or_(denied, dropped))
    assert 50_000 < expected.num_rows < 250_000
    for name in ("row", "src", "dst", "verdict", *(n for n in table.schema.names if n in COLUMNS)):
        wanted = expected[name].cast(found.schema.field(name).type)
        assert found[name].combine_chunks().equals(wanted.combine_chunks()), name
    deny = pc.coalesce(
        expected["ingress_policy"].cast(pa.string()), expected["egress_policy"].cast(pa.string())
    )
    texts = found["policies"].to_pylist()
    kinds = found["kind"].to_pylist()
    for text, kind, policy in list(zip(texts, kinds, deny.to_pylist(), strict=True))[::501]:
        assert (kind == "forwarded_denied" and policy in text) or kind == "dropped_allowed"


def test_filters_are_exact(tmp_path: Path, cluster: Path) -> None:
    """--since is included, --until is not; a flow is of a namespace by either end."""
    times = pa.array([NOON - 1, NOON, NOON + 1, NOON + 2_000_000 - 1, NOON + 2_000_000], US)
    ends = {"src_ip": pa.array([WEB] * 4 + [STRANGER]), "dst_ip": pa.array([DB] * 4 + [STRANGER])}
    file = write(tmp_path / "f.parquet", flows(5, start_time=times, **ends))
    since = datetime.fromtimestamp(NOON // 10**6, UTC)
    until = datetime.fromtimestamp(NOON // 10**6 + 2, UTC)
    for asked, judged in (
        ({"since": since}, 4),
        ({"until": until}, 4),
        ({"since": since, "until": until}, 3),
        ({"since": since.replace(tzinfo=None)}, 4),
        ({"namespaces": ["shop"]}, 4),
        ({"namespaces": ["nowhere"]}, 0),
        ({"namespaces": ["shop", "nowhere"], "until": until}, 4),
    ):
        totals = audit(file, cluster, **asked).ledger.totals  # type: ignore[arg-type]
        assert (totals.rows_judged, totals.rows_filtered) == (judged, 5 - judged), asked


def test_extra_columns_of_several_files_stand_side_by_side(tmp_path: Path, cluster: Path) -> None:
    write(tmp_path / "f" / "a.parquet", flows(2, zone=pa.array(["z", None]), cost=pa.array([1, 2])))
    write(tmp_path / "f" / "b.parquet", flows(2, cost=pa.array(["x", "y"]), note=pa.array([[1], []])))
    audit(tmp_path / "f", cluster, out=tmp_path / "out", keep_columns=True)
    table = pq.read_table(tmp_path / "out" / "violations.parquet")
    kept = table.select(["cost", "note", "zone"]).to_pylist()
    assert [tuple(row.values()) for row in kept] == [
        ("1", None, "z"),
        ("2", None, None),
        ("x", "[1]", None),
        ("y", "[]", None),
    ]
    audit(tmp_path / "f", cluster, out=tmp_path / "out")
    assert "cost" not in pq.read_schema(tmp_path / "out" / "violations.parquet").names


VALUES = {
    "dst_port": st.sampled_from([22, 5432, 0, 65535, -1, 70000, None]),
    "protocol": st.sampled_from([6, 6, 17, 1, 255, 256, None]),
    "src_ip": st.sampled_from([WEB, STRANGER, "::1", "nonsense", "", None]),
    "start_time": st.sampled_from([NOON, NOON + 1, 0, 2**63 - 1, None]),
    "initiator": st.sampled_from([0, 1, 2, 3, None]),
}
BAD = {"dst_port": 22, "protocol": 6, "src_ip": "nonsense", "initiator": 1}
GROUP = 7
TYPES = {
    "dst_port": pa.int32(),
    "protocol": pa.int16(),
    "src_ip": pa.string(),
    "start_time": US,
    "initiator": pa.int8(),
}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([[{**BAD, "start_time": 0}] * GROUP + [{**BAD, "start_time": NOON}]], True, ())
@given(
    st.lists(st.lists(st.fixed_dictionaries(VALUES), max_size=30), min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from([(), ("shop",), ("nowhere",)]),
)
def test_every_row_is_accounted_for(
    tmp_path: Path,
    cluster: Path,
    files: list[list[dict[str, object]]],
    since: bool,
    namespaces: tuple[str, ...],
) -> None:
    """Declared = judged + unknown + rejected + filtered, per file and in all; positions are of bad rows. What
    a whole row group has too early is not looked at, good or bad."""
    shutil.rmtree(tmp_path / "f", ignore_errors=True)
    for number, rows in enumerate(files):
        columns = {name: pa.array([row[name] for row in rows], TYPES[name]) for name in VALUES}
        write(tmp_path / "f" / f"{number}.parquet", flows(len(rows), **columns), row_group_size=GROUP)
    moment = datetime.fromtimestamp(NOON // 10**6, UTC) if since else None
    result = audit(tmp_path / "f", cluster, out=tmp_path / "out", jobs=1, since=moment, namespaces=namespaces)
    totals = result.ledger.totals
    assert totals.rows_declared == sum(map(len, files))
    for number, rows in enumerate(files):
        entry = ledger(tmp_path / "out")[f"{number}.parquet"]
        left_out = unread(rows) if since else set()
        bad = [i for i, row in enumerate(rows) if unusable(row) and i not in left_out]
        parts = [entry[f"rows_{part}"] for part in ("judged", "unknown", "filtered")]
        assert entry["rows_pruned"] == len(left_out)
        assert entry["rows_rejected"] == len(bad)
        assert sum(parts) + len(bad) == entry["rows_declared"] == len(rows)
        positions = sorted(place for each in entry["rejected"] for place in each["first_rows"])
        assert set(positions) <= set(bad)
        assert len(positions) == sum(min(each["rows"], 10) for each in entry["rejected"])
    violations = pq.read_metadata(tmp_path / "out" / "violations.parquet").num_rows
    assert violations == result.summary.violations.records == sum(f.records for f in result.findings)
    assert sum(result.edges["records"].to_pylist()) == totals.rows_judged + totals.rows_unknown


def unread(rows: list[dict[str, object]]) -> set[int]:
    """Of row groups whose statistics say that all is of 1970."""
    places = [range(at, min(at + GROUP, len(rows))) for at in range(0, len(rows), GROUP)]
    return {i for group in places if all(rows[i]["start_time"] == 0 for i in group) for i in group}


def unusable(row: dict[str, object]) -> bool:
    return (
        row["dst_port"] in (-1, 70000)
        or row["protocol"] in (256, None)
        or row["src_ip"] in ("nonsense", "", None)
        or row["start_time"] in (2**63 - 1, None)
        or row["initiator"] == 3
    )

"""Logs in an audit: every record accounted for, rows told by their records, the same as converted first."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowcheck
from flowcheck.errors import RunError
from flowcheck.flows.logs.form import Asked
from flowcheck.reading import load_cluster
from flowcheck.results.audit import AuditResult
from flowcheck.runners.converting import run_convert
from flowcheck.runners.local import run_audit
from flowcheck.runners.program.source import ClusterSource
from flowcheck.runners.request import AuditRequest
from tests.runners.worlds import ALLOWED, DB, DENIED, WEB, flows, write, write_cluster

RIGHT, WRONG = "NetworkPolicy/shop/db-from-web", "NetworkPolicy/shop/other"


def event(port: int, number: int = 0, *, verdict: str = "FORWARDED", **more: Any) -> dict[str, Any]:
    """A policy verdict of Hubble on the way in."""
    return {
        "flow": {
            "time": f"2026-11-01T12:00:{number % 60:02d}Z",
            "verdict": verdict,
            "IP": {"source": WEB, "destination": DB},
            "l4": {"TCP": {"source_port": 40000 + number, "destination_port": port, "flags": {"SYN": True}}},
            "event_type": {"type": 5},
            "traffic_direction": "INGRESS",
            "is_reply": False,
            **more,
        },
        "node_name": "n1",
    }


def lines(records: Iterable[object]) -> bytes:
    return b"".join(
        (record if isinstance(record, bytes) else json.dumps(record).encode()) + b"\n" for record in records
    )


RECORDS = (
    {"lost_events": {"num_events_lost": "2"}},
    event(ALLOWED, 0),
    b"no record at all",
    event(DENIED, 1),
    event(DENIED, 2, verdict="DROPPED", drop_reason_desc="POLICY_DENIED"),
)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    write_cluster(tmp_path / "cluster")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "n1.jsonl").write_bytes(lines(RECORDS))
    return tmp_path


def audit(world: Path, logs: Path | None = None, **request: Any) -> AuditResult:
    request = {"jobs": 1, "out": world / "out", **request}
    return run_audit(
        [logs or world / "logs"], ClusterSource((world / "cluster",), load_cluster), AuditRequest(**request)
    )


def test_every_record_of_a_log_is_in_the_ledger(world: Path) -> None:
    result = audit(world)
    (file,) = result.ledger.files
    assert (file.format, file.status, file.rows_declared) == ("hubble", "judged", 5)
    assert (file.rows_judged, file.rows_left_out, file.rows_merged, file.rows_rejected) == (3, 1, 0, 1)
    assert [(one.reason, one.rows) for one in file.left_out] == [("lost_events", 1)]
    assert [(one.reason, one.first_rows) for one in file.rejected] == [("bad_record", (2,))]
    assert file.format_because
    assert result.summary.incomplete_because == ("1 row rejected",)
    assert result.summary.coverage == 75.0


def test_a_violation_is_told_by_its_record(world: Path) -> None:
    audit(world)
    (row,) = pq.read_table(world / "out" / "violations.parquet").to_pylist()
    assert (row["row"], row["dst_port"], row["src_port"], row["observer"]) == (3, DENIED, 40001, "n1")
    assert row["source_file"].endswith("n1.jsonl")
    assert "record" not in row


def test_an_audit_of_a_log_finds_what_one_of_it_converted_finds(world: Path, tmp_path: Path) -> None:
    more = [event(DENIED if n % 7 == 0 else ALLOWED, n) for n in range(300)]
    (world / "logs" / "n2.jsonl.gz").write_bytes(gzip.compress(lines([*more, *more[:40]])))
    direct = audit(world)
    converted = run_convert([world / "logs"], Asked(), tmp_path / "flows.parquet", jobs=1)
    assert [file.conversion.rows for file in converted if file.conversion] == [3, 340]
    again = audit(world, tmp_path / "flows.parquet", out=tmp_path / "again")
    assert direct.edges.equals(again.edges)
    assert direct.summary.verdicts == again.summary.verdicts
    assert direct.summary.flows == again.summary.flows == 303
    table = pq.read_table(tmp_path / "flows.parquet")
    assert table.column("flow_count").to_pylist().count(1) == 303
    assert [Path(name).name for name in table.column("source_file").unique().to_pylist()] == [
        "n1.jsonl",
        "n2.jsonl.gz",
    ]
    assert table.column("record").to_pylist()[:4] == [1, 3, 4, 0]


def test_logs_and_canonical_files_lie_in_one_folder(world: Path) -> None:
    write(world / "logs" / "a.parquet", flows(2))
    result = audit(world)
    assert [(Path(f.file).name, f.format) for f in result.ledger.files] == [
        ("a.parquet", "canonical"),
        ("n1.jsonl", "hubble"),
    ]
    assert result.summary.totals.rows_judged == 5


def test_policies_that_records_name_are_compared_with_those_that_decided(world: Path) -> None:
    named = {"name": "db-from-web", "namespace": "shop", "kind": "NetworkPolicy"}
    other, foreign = {**named, "name": "other"}, {**named, "kind": "EgressFirewall"}
    (world / "logs" / "n1.jsonl").write_bytes(
        lines(
            event(ALLOWED, number, ingress_allowed_by=[one])
            for number, one in enumerate((named, named, other, foreign, other))
        )
    )
    recorded = audit(world).summary.recorded
    assert (recorded.policies_agree, recorded.policies_differ, recorded.policies_not_compared) == (2, 2, 1)
    (one,) = recorded.differences
    assert (one.recorded, one.decided, one.rows, one.first_row) == ((WRONG,), (f"{RIGHT}[ingress[0]]",), 2, 2)


def test_what_a_cloud_refused_never_arrived_and_what_it_accepted_may_not_have(world: Path) -> None:
    """Its firewall's word is counted, and compared with no policy. The network's own word goes before it; and
    where an answer is refused, what it answers had arrived."""
    said = {
        "action": pa.array([None, None, None, None, 1], pa.int8()),
        "cloud_action": pa.array([1, 2, None, 2, 2], pa.int8()),
    }
    table = flows(5, **said)
    result = audit(world, write(world / "cloud.parquet", table))
    assert result.summary.recorded.cloud == {"allowed": 1, "denied": 3}
    assert result.summary.violations.forwarded_denied == 3
    assert result.summary.violations.observed_unknown == 2
    answers = flows(5, initiator=pa.array([2] * 5, pa.int8()), **said)
    answered = audit(world, write(world / "answers.parquet", answers))
    assert answered.summary.violations.forwarded_denied == 5
    table = flows(5, dst_port=pa.array([5432] * 5, pa.int32()), **said)
    allowed = audit(world, write(world / "allowed.parquet", table))
    assert allowed.summary.violations.findings == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"some words\nand more\n", "cannot tell what this is"),
        (b"", "is empty"),
        (gzip.compress(lines(RECORDS), mtime=0)[:60], "damaged or cut off"),
    ],
    ids=["words", "empty", "cut off"],
)
def test_what_is_no_log_fails_and_the_rest_goes_on(world: Path, data: bytes, said: str) -> None:
    (world / "logs" / "odd.log").write_bytes(data)
    result = audit(world)
    odd = next(file for file in result.ledger.files if file.file.endswith("odd.log"))
    assert odd.status == "failed"
    assert said in odd.detail
    assert result.summary.totals.rows_judged == 3


def test_a_log_of_another_format_than_was_named_says_which_it_looks_like(world: Path) -> None:
    with pytest.raises(RunError, match="nothing could be converted"):
        run_convert([write(world / "a.parquet")], Asked(), world / "x.parquet", jobs=1)
    assert not (world / "x.parquet").exists()


def test_any_number_of_workers_writes_the_same(world: Path, tmp_path: Path) -> None:
    for file in range(4):
        records = [event(DENIED if n % 5 == file else ALLOWED, n) for n in range(50)]
        (world / "logs" / f"m{file}.jsonl").write_bytes(lines(records))
    for jobs in (1, 3):
        run_convert([world / "logs"], Asked(), tmp_path / f"{jobs}.parquet", jobs=jobs)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "3.parquet").read_bytes()


EXAMPLES = Path(__file__).parent.parent / "flows" / "formats" / "examples"


def test_the_examples_of_all_formats_judged_as_they_are_and_converted_come_to_the_same(world: Path) -> None:
    """Connections, records and bytes of each edge, and what is told of each file."""
    asked = Asked(time_zone="UTC")
    files = sorted(path for path in EXAMPLES.rglob("*") if path.is_file())
    converted = run_convert(files, asked, world / "all.parquet", jobs=2)
    fit = [Path(one.input.path) for one in converted if one.conversion and not one.conversion.unfit]
    source = ClusterSource((world / "cluster",), load_cluster)
    run_convert(fit, asked, world / "fit.parquet", jobs=2)
    direct = run_audit(fit, source, AuditRequest(jobs=2, asked=asked))
    again = run_audit([world / "fit.parquet"], source, AuditRequest(jobs=2))
    assert len(fit) > 25
    assert {one.format for one in direct.ledger.files} >= {"hubble", "aws", "goldmane", "zeek", "ztunnel"}
    assert direct.edges.equals(again.edges)
    assert (direct.summary.flows, direct.summary.bytes) == (again.summary.flows, again.summary.bytes)
    conversions = [one.conversion for one in converted if Path(one.input.path) in fit and one.conversion]
    for file, conversion in zip(direct.ledger.files, conversions, strict=True):
        assert (file.format, file.rows_declared) == (conversion.format, conversion.records)
        assert (file.rows_merged, file.rows_rejected) == (conversion.merged, 0)
        assert file.rows_judged + file.rows_unknown == conversion.rows


def test_a_connection_counts_though_the_record_that_counts_it_comes_second(world: Path) -> None:
    drop = event(DENIED, 1, verdict="DROPPED", drop_reason_desc="POLICY_DENIED", event_type={"type": 1})
    verdict = event(DENIED, 1, verdict="DROPPED", drop_reason_desc="POLICY_DENIED")
    (world / "logs" / "n1.jsonl").write_bytes(lines([drop, verdict]))
    summary = audit(world).summary
    assert (summary.flows, summary.attribution.repeated_records) == (1, 1)


def proxied(number: int, **said: Any) -> dict[str, Any]:
    """What the sidecar before the server says of the connection of :func:`event`."""
    return {
        "start_time": f"2026-11-01T12:00:{number:02d}Z",
        **{"protocol": None, "method": "-", "response_code": 0, "bytes_received": 30, "bytes_sent": 90},
        **{
            "response_flags": "-",
            "upstream_cluster": f"inbound|{ALLOWED}||",
            "upstream_host": f"{DB}:{ALLOWED}",
        },
        "downstream_remote_address": f"{WEB}:{40000 + number}",
        "downstream_local_address": f"{DB}:{ALLOWED}",
        "upstream_local_address": "127.0.0.6:1234",
        **said,
    }


def test_connections_that_a_plugin_and_a_sidecar_report_count_once(world: Path) -> None:
    (world / "logs" / "n1.jsonl").write_bytes(lines(event(ALLOWED, n) for n in range(5)))
    (world / "logs" / "proxy.log").write_bytes(lines(proxied(n) for n in range(5)))
    summary = audit(world).summary
    assert (summary.verdicts.allow, summary.flows, summary.bytes) == (10, 5, 150)


def test_a_tunnel_counts_none_where_ztunnel_reports_what_is_in_it(world: Path) -> None:
    line = (
        "2026-11-01T12:00:{n:02d}.000000Z\tinfo\taccess\tconnection complete\tsrc.addr={web}:{port} "
        'src.identity="spiffe://cluster.local/ns/shop/sa/web" dst.addr={db}:15008 dst.hbone_addr={db}:{to} '
        'direction="inbound" bytes_sent=9 bytes_recv=3 duration="1ms"\n'
    )
    inside = [line.format(n=n, web=WEB, db=DB, port=40000, to=ALLOWED) for n in range(7)]
    (world / "logs" / "n1.jsonl").write_bytes(lines([event(15008, 0), event(15008, 1)]))
    alone = audit(world).summary
    assert (alone.flows, alone.attribution.tunnel_records) == (2, 0)
    (world / "logs" / "ztunnel.log").write_text("".join(inside))
    both = audit(world).summary
    assert (both.totals.rows_declared, both.flows, both.attribution.tunnel_records) == (9, 7, 2)


def test_from_python_what_is_said_of_logs_are_keywords(world: Path) -> None:
    result = flowcheck.audit(world / "logs", str(world / "cluster"), source_format="hubble", jobs=1)
    assert [file.format for file in result.ledger.files] == ["hubble"]
    (world / "x.csv").write_text(f"at,from,to,port\n1793534400,{WEB},{DB},{DENIED}\n")
    (world / "m.yaml").write_text(
        "columns: {start_time: {from: at, unit: s}, src_ip: from, dst_ip: to, dst_port: port, "
        "protocol: {constant: 6}, initiator: {constant: 1}}\n"
    )
    mapped = flowcheck.audit(world / "x.csv", str(world / "cluster"), mapping=world / "m.yaml", jobs=1)
    assert mapped.summary.verdicts.deny == 1
    with pytest.raises(RunError, match="no format 'hubbel'"):
        flowcheck.audit(world / "logs", str(world / "cluster"), source_format="hubbel")

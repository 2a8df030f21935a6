"""An audit of a bucket is that of the same files on disk, and reads no more than it must."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.runners.worlds import ALLOWED, DENIED, NOON, US, flows, outputs, write, write_cluster
from tests.stores.fixtures import ROOT, Store
from tests.stores.server import Request

HOUR = 3_600_000_000
TOTALS = "rows_judged", "rows_unknown", "rows_filtered"


def summary(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "summary.json").read_text()))


def objects(requests: list[Request]) -> set[str]:
    return {request.path for request in requests if request.reads}


def plain(out: Path) -> dict[str, Any]:
    """What two audits share whose inputs have other names."""
    tables = {
        name: pq.read_table(out / f"{name}.parquet")
        for name in ("violations", "edges", "load", "services", "policy_hits")
    }
    hidden = {"violations": ["source_file"], "policy_hits": ["file"]}
    kept = {
        name: table.drop_columns([one for one in hidden.get(name, []) if one in table.schema.names])
        for name, table in tables.items()
    }
    findings = json.loads((out / "findings.json").read_text())["findings"]
    ledger = json.loads((out / "ledger.json").read_text())
    return {
        **{name: table.to_pylist() for name, table in kept.items()},
        "findings": [(one["fingerprint"], one["records"]) for one in findings],
        "totals": ledger["totals"],
        "files": [{**entry, "file": Path(entry["file"]).name} for entry in ledger["files"]],
    }


def test_the_same_as_on_disk(store: Store, tmp_path: Path) -> None:
    """Whatever is named: prefixes, an object, a pattern; logs packed and plain."""
    store.upload(ROOT / "data/flows", "bucket/flows")
    store.upload(ROOT / "data/cluster", "bucket/in/cluster")
    there = ["--cluster", "s3://bucket/in/cluster/"]
    here = store.run("audit", ROOT / "data/flows", "--cluster", ROOT / "data/cluster", "-o", tmp_path / "a")
    assert here.returncode == 1, here.stderr
    for name in ("s3://bucket/flows", "s3://bucket/flows/", "s3://bucket/fl*/*.parquet"):
        run = store.run("audit", name, *there, "-o", tmp_path / "b")
        assert run.returncode == 1, run.stderr
        assert plain(tmp_path / "a") == plain(tmp_path / "b")
        same = "edges.parquet", "load.parquet", "services.parquet"
        assert all(outputs(tmp_path / "a")[one] == outputs(tmp_path / "b")[one] for one in same)
    one = "flows/2026-03-10T00.parquet"
    alone = store.run("audit", f"s3://bucket/{one}", *there, "-o", tmp_path / "b")
    store.run("audit", ROOT / "data" / one, "--cluster", ROOT / "data/cluster", "-o", tmp_path / "a")
    assert alone.returncode == 1
    assert plain(tmp_path / "a") == plain(tmp_path / "b")
    assert store.run("verify", tmp_path / "b").returncode == 0


def test_logs_that_are_text_packed_or_not(store: Store, tmp_path: Path) -> None:
    text = gzip.decompress((ROOT / "data/cilium/hubble.jsonl.gz").read_bytes())
    for name, body in (("a.jsonl.gz", gzip.compress(text)), ("b.jsonl", text)):
        (tmp_path / "logs" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "logs" / name).write_bytes(body)
    store.upload(tmp_path / "logs", "bucket/logs")
    cluster = ["--cluster", ROOT / "data/cilium/cluster"]
    a = store.run("audit", tmp_path / "logs", *cluster, "-o", tmp_path / "a")
    b = store.run("audit", "s3://bucket/logs", *cluster, "-o", tmp_path / "b")
    assert a.returncode == b.returncode == 1, b.stderr
    assert plain(tmp_path / "a") == plain(tmp_path / "b")
    run = store.run("convert", "s3://bucket/logs", "-o", tmp_path / "f.parquet")
    assert run.returncode == 0, run.stderr
    again = store.run("convert", tmp_path / "logs", "-o", tmp_path / "g.parquet")
    assert again.returncode == 0
    converted = [
        pq.read_table(tmp_path / name).drop_columns(["source_file"]) for name in ("f.parquet", "g.parquet")
    ]
    assert converted[0] == converted[1]


def test_large_objects_come_in_ranges_at_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flowcheck.stores import wanted

    monkeypatch.setattr(wanted, "RANGE", 1 << 18)
    store.upload(ROOT / "data/flows", "bucket/flows")
    cluster = ["--cluster", ROOT / "data/cluster"]
    store.run("audit", ROOT / "data/flows", *cluster, "-o", tmp_path / "a")
    store.relay.requests = []
    assert store.run("audit", "s3://bucket/flows", *cluster, "-o", tmp_path / "b").returncode == 1
    assert plain(tmp_path / "a") == plain(tmp_path / "b")
    ranges = [request for request in store.relay.requests if request.reads]
    sizes = [-(-file.stat().st_size // (1 << 18)) for file in (ROOT / "data/flows").iterdir()]
    assert len(ranges) == sum(sizes)
    assert len({(one.path, one.range) for one in ranges}) == len(ranges)


def vpc_name(stamp: datetime, number: int) -> str:
    return f"123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d_{stamp:%Y%m%dT%H%MZ}_{number:08x}.log.gz"


VPC_LAYOUTS = {
    "hive": "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/"
    "year={0:%Y}/month={0:%m}/day={0:%d}/hour={0:%H}",
    "hive, no hours": "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/"
    "year={0:%Y}/month={0:%m}/day={0:%d}",
    "plain": "AWSLogs/123456789012/vpcflowlogs/eu-west-1/{0:%Y}/{0:%m}/{0:%d}/{0:%H}",
}


def vpc_day(day: datetime, layout: str) -> dict[str, bytes]:
    """A day of VPC flow logs as AWS delivers them: each file holds what ended in its five minutes, and some
    of that began ten minutes before its end."""
    head = (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
        "action log-status pkt-srcaddr pkt-dstaddr"
    )
    made = {}
    for number in range(288):
        stamp = day + timedelta(minutes=5 * number)
        begin = int(stamp.timestamp())
        lines = [head]
        for late, lasted in ((0, 600), (30, 60), (299, 1), (200, 200)):
            end = begin + late
            lines.append(
                f"2 123456789012 eni-1 10.0.0.1 10.0.0.2 {40000 + number} {DENIED} 6 1 40 {end - lasted} "
                f"{end} ACCEPT OK 10.0.0.1 10.0.0.2"
            )
        text = "\n".join(lines) + "\n"
        made[f"{layout.format(stamp)}/{vpc_name(stamp, number)}"] = gzip.compress(text.encode(), 1)
    return made


@pytest.mark.parametrize("layout", VPC_LAYOUTS)
def test_an_hour_does_not_read_a_day(store: Store, tmp_path: Path, layout: str) -> None:
    """At most a twentieth of the objects, and of the prefixes, and no row of the hour is missing."""
    day = datetime(2026, 11, 1, tzinfo=UTC)
    made = vpc_day(day, VPC_LAYOUTS[layout])
    for path, body in made.items():
        store.relay.put(f"logs/{path}", body)
        (tmp_path / "logs" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs" / path).write_bytes(body)
        flat = tmp_path / "flat" / Path(path).name.replace("vpcflowlogs", "other")
        flat.parent.mkdir(exist_ok=True)
        flat.write_bytes(body)
    cluster = write_cluster(tmp_path / "cluster")
    hour = ["--cluster", cluster, "--since", "2026-11-01T10:00:00Z", "--until", "2026-11-01T11:00:00Z"]
    whole = store.run("audit", tmp_path / "flat", *hour, "-o", tmp_path / "whole")
    assert whole.returncode == 1, whole.stderr
    store.relay.requests = []
    run = store.run("audit", "s3://logs", *hour, "-o", tmp_path / "out")
    assert run.returncode == 1, run.stderr
    read = objects(store.relay.requests)
    assert len(made) == 288
    assert len(read) == 15
    if "no hours" not in layout:
        prefixes = [request for request in store.relay.requests if request.lists]
        assert len(prefixes) <= 12
    found, expected = summary(tmp_path / "out"), summary(tmp_path / "whole")
    for name in ("rows_judged", "rows_unknown"):
        assert found["totals"][name] == expected["totals"][name] > 0 or name == "rows_unknown"
    assert found["violations"] == expected["violations"]
    assert found["first_seen"] == expected["first_seen"]
    pruned = found["pruned"]
    files = sum(one["files"] for one in pruned)
    assert all("outside --since and --until" in one["reason"] for one in pruned)
    if "no hours" in layout:
        assert files + found["totals"]["files_seen"] == 288
    else:
        assert sum(one["folders"] for one in pruned) == 22
        assert files + found["totals"]["files_seen"] == 24
    here = store.run("audit", tmp_path / "logs", *hour, "-o", tmp_path / "here")
    assert here.returncode == 1, here.stderr
    assert summary(tmp_path / "here")["pruned"] == pruned
    assert "not opened: outside --since and --until" in run.stdout
    nothing = store.run("audit", "s3://logs", "--cluster", cluster, "--since", "2027-01-01")
    assert nothing.returncode == 2
    assert "outside --since and --until, by the folder's name" in nothing.stderr


def hourly(day: int, n_hours: int) -> dict[str, pa.Table]:
    """Flows of each hour, by the name of its folder."""
    return {
        f"date=2026-11-01/hour={hour:02}": flows(
            60,
            start_time=pa.array([day + hour * HOUR + minute * 60_000_000 for minute in range(60)], US),
            dst_port=pa.array([DENIED if hour % 2 else ALLOWED] * 60, pa.int32()),
        )
        for hour in range(n_hours)
    }


def test_folders_by_the_time_of_records(store: Store, tmp_path: Path) -> None:
    """Their margin is an hour on either side; whoever knows that records lie where they belong needs none."""
    midnight = NOON - 12 * HOUR
    for folder, table in hourly(midnight, 24).items():
        file = write(tmp_path / "flows" / folder / "part-0.parquet", table)
        store.relay.put(f"bucket/flows/{folder}/part-0.parquet", file.read_bytes())
    cluster = write_cluster(tmp_path / "cluster")
    asked = ["--cluster", cluster, "--since", "2026-11-01T09:00:00Z", "--until", "2026-11-01T10:00:00Z"]
    seen = Counter[int]()
    for margin, n_read in (([], 3), (["--partition-margin", "0s"], 1), (["--partition-margin", "3h"], 7)):
        store.relay.requests = []
        run = store.run("audit", "s3://bucket/flows", *asked, *margin, "-o", tmp_path / "out")
        assert run.returncode == 1, run.stderr
        assert len(objects(store.relay.requests)) == n_read
        totals = summary(tmp_path / "out")["totals"]
        assert (totals["rows_judged"], totals["rows_declared"]) == (60, 60 * n_read)
        assert totals["rows_pruned"] == totals["rows_filtered"] == 60 * (n_read - 1)
        seen[totals["rows_judged"]] += 1
        here = store.run("audit", tmp_path / "flows", *asked, *margin, "-o", tmp_path / "here")
        assert here.returncode == 1
        assert summary(tmp_path / "here")["totals"] == totals
    assert seen == {60: 3}


def test_row_groups_outside_are_not_fetched(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day in one object: of an hour of it little more than that hour's bytes come."""
    from flowcheck.stores import fetching

    monkeypatch.setattr(fetching, "WORTH_LOOKING", 1 << 10)
    monkeypatch.setattr(fetching, "TAIL", 1 << 12)
    times = [NOON + number * 1_000_000 for number in range(24 * 3600)]
    ports = [(number * 7919) % 60_000 + 1 for number in range(len(times))]
    table = flows(
        len(times),
        start_time=pa.array(times, US),
        src_port=pa.array(ports, pa.int32()),
        dst_port=pa.array([DENIED] * len(times), pa.int32()),
    )
    file = write(tmp_path / "f" / "day.parquet", table, row_group_size=3600)
    store.relay.put("bucket/day.parquet", file.read_bytes())
    cluster = write_cluster(tmp_path / "cluster")
    asked = ["--cluster", cluster, "--since", "2026-11-01T15:00:00Z", "--until", "2026-11-01T16:00:00Z"]
    here = store.run("audit", file, *asked, "-o", tmp_path / "here")
    assert here.returncode == 1, here.stderr
    store.relay.requests = []
    run = store.run("audit", "s3://bucket/day.parquet", *asked, "-o", tmp_path / "out")
    assert run.returncode == 1, run.stderr
    spans = [one.range.removeprefix("bytes=").split("-") for one in store.relay.requests if one.reads]
    fetched = sum(int(end) - int(begin) + 1 for begin, end in spans)
    assert fetched < file.stat().st_size / 8
    totals = summary(tmp_path / "out")["totals"]
    assert totals == summary(tmp_path / "here")["totals"]
    assert (totals["rows_judged"], totals["row_groups_pruned"], totals["rows_pruned"]) == (
        3600,
        23,
        23 * 3600,
    )
    rows = pq.read_table(tmp_path / "out" / "violations.parquet")["row"].to_pylist()
    assert rows == list(range(3 * 3600, 4 * 3600))
    assert store.run("verify", tmp_path / "out").returncode == 0
    (entry,) = json.loads((tmp_path / "out" / "ledger.json").read_text())["files"]
    assert entry["sha256"] is None  # not all of it was here


def test_many_small_objects_are_asked_for_at_once(store: Store, tmp_path: Path) -> None:
    """More of them than are held on the disk at a time."""
    file = write(tmp_path / "f.parquet")
    for number in range(150):
        store.relay.put(f"bucket/f/{number:03}.parquet", file.read_bytes())
    run = store.run(
        "audit", "s3://bucket/f", "--cluster", write_cluster(tmp_path / "c"), "-o", tmp_path / "out"
    )
    assert run.returncode == 1, run.stderr
    assert summary(tmp_path / "out")["totals"]["rows_judged"] == 600
    by_kind = Counter(request.method for request in store.relay.requests if "/f/" in request.path)
    assert by_kind == {"HEAD": 300, "GET": 150}  # looked at before and after
    assert not list((tmp_path / "out").glob("**/*.object"))


def test_a_named_object_is_read_whatever_it_is_called(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "f.parquet")
    store.relay.put("bucket/x/hour=03/day.of flows+100%é", file.read_bytes())
    run = store.run(
        "audit",
        "s3://bucket/x/hour=03/day.of flows+100%é",
        "--cluster",
        write_cluster(tmp_path / "c"),
        "-f",
        "json",
    )
    assert run.returncode == 1, run.stderr
    assert "flows+100%" in run.stdout


def test_what_a_pattern_matches_is_left_out_too(store: Store, tmp_path: Path) -> None:
    midnight = NOON - 12 * HOUR
    for folder, table in hourly(midnight, 24).items():
        file = write(tmp_path / "flows" / folder / "part-0.parquet", table)
        store.relay.put(f"bucket/flows/{folder}/part-0.parquet", file.read_bytes())
    asked = ["--cluster", write_cluster(tmp_path / "cluster"), "--partition-margin", "0s"]
    asked += ["--since", "2026-11-01T09:00:00Z", "--until", "2026-11-01T10:00:00Z"]
    counts = []
    for pattern in ("date=*", "date=*/hour=*", "date=*/hour=*/*.parquet"):
        for place in ("s3://bucket/flows", str(tmp_path / "flows")):
            run = store.run("audit", f"{place}/{pattern}", *asked, "-o", tmp_path / "out")
            assert run.returncode == 1, run.stderr
            found = summary(tmp_path / "out")
            assert (found["totals"]["files_seen"], found["totals"]["rows_judged"]) == (1, 60)
            counts.append(sum(one["folders"] + one["files"] for one in found["pruned"]))
    assert counts == [23] * 6
    named = store.run("audit", "s3://bucket/flows/date=2026-11-01/hour=03", *asked)
    assert named.returncode == 3
    assert "no row of 60 rows" in named.stdout
    assert store.run("audit", "s3://bucket/flows/date=*/hour=0[1-3]", *asked).returncode == 2


def test_a_bug_while_an_object_is_fetched_keeps_nobody_waiting(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flowcheck.stores import fetching

    store.relay.put("bucket/f/a.parquet", write(tmp_path / "a.parquet").read_bytes())

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fetching.Fetcher, "_ask", fail)
    words = ["audit", "s3://bucket/f", "--cluster", write_cluster(tmp_path / "c"), "-o", tmp_path / "out"]
    assert store.run(*words).returncode == 3
    (entry,) = json.loads((tmp_path / "out" / "ledger.json").read_text())["files"]
    assert (entry["reason"], entry["detail"]) == ("internal_error", "ZeroDivisionError while it was fetched")

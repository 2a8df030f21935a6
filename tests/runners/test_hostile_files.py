"""A file that is damaged, hostile or of the wrong shape costs itself and nothing else."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.api import audit
from flowcheck.errors import RunError
from flowcheck.flows.canonical.numbers import REJECTIONS
from flowcheck.results.audit import AuditResult
from tests.runners.worlds import NOON, US, WEB, flows, ledger, ports, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")

EXTREME = 2**63 - 1


def not_utf8(n_rows: int = 4) -> pa.Array:
    offsets = pa.array([2 * i for i in range(n_rows + 1)], pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.string(), n_rows, [None, offsets, pa.py_buffer(b"\xff\xfe" * n_rows)])


def mapped(address: str) -> bytes:
    return bytes(10) + b"\xff\xff" + bytes(map(int, address.split(".")))


REFUSED = {
    "a port as text": flows(dst_port=pa.array(["22"] * 4)),
    "an address of four bytes": flows(src_ip=pa.array([b"abcd"] * 4, pa.binary(4))),
    "no port": flows(dst_port=None),
    "no source": flows(src_ip=None),
    "a namespace without a name": flows(src_ip=None, src_namespace=pa.array(["shop"] * 4)),
    "upper case": flows().rename_columns([name.upper() for name in flows().schema.names]),
    "time as integer": flows(start_time=pa.array([NOON] * 4)),
    "addresses not UTF-8": flows(src_ip=not_utf8()),
    "a name not UTF-8 in a violation": flows(observer=not_utf8()),
}
"""Tables of which nothing is judged."""

ROWS: dict[str, tuple[pa.Table, dict[str, int]]] = {
    "ports": (ports([-1, 70000, 2**40, 22]), {"bad_dst_port": 3}),
    "unsigned ports": (ports([2**64 - 1, 2**63, 0, 65535], pa.uint64()), {"bad_dst_port": 2}),
    "protocols": (
        flows(protocol=pa.array([300, -1, None, 6], pa.int16())),
        {"bad_protocol": 3},
    ),
    "no time": (flows(start_time=pa.array([None, NOON, NOON, NOON], US)), {"bad_start_time": 1}),
    "times past the calendar": (
        flows(start_time=pa.array([EXTREME, -EXTREME, NOON, 0], US)),
        {"bad_start_time": 2},
    ),
    "coarse times past the calendar": (
        flows(start_time=pa.array([2**62, -(2**62), NOON // 1000, 0], pa.timestamp("ms", "UTC"))),
        {"bad_start_time": 2},
    ),
    "parts of bytes": (flows(bytes=pa.array([0.5, float("inf"), 1e30, 7.0])), {"bad_bytes": 3}),
    "bytes": (flows(bytes=pa.array([-1, None, 7, 2**60], pa.int64())), {"bad_bytes": 2}),
    "unsigned bytes": (flows(bytes=pa.array([2**64 - 1, 2**63, 0, 1], pa.uint64())), {"bad_bytes": 2}),
    "flow counts": (flows(flow_count=pa.array([-3, 2**40, None, 0])), {"bad_flow_count": 2}),
    "initiator and action": (
        flows(initiator=pa.array([9, 0, 1, 2], pa.int8()), action=pa.array([1, -1, 5, 1], pa.int8())),
        {"bad_initiator": 1, "bad_action": 2},
    ),
    "addresses": (flows(src_ip=pa.array([f"{WEB}\n", "999.1.1.1", "\x1b[31m", None])), {"bad_src_ip": 4}),
    "addresses without end": (
        flows(src_ip=pa.array(["1" * 1_000_000, ":" * 100_000, "", WEB])),
        {"bad_src_ip": 3},
    ),
    "a dictionary with nulls": (
        flows(src_ip=pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0], pa.int8()), [WEB, "x"])),
        {"bad_src_ip": 2},
    ),
    "integer addresses": (
        flows(dst_ip=pa.array([0x0A000002, None, 0, 0xFFFFFFFF], pa.uint32())),
        {"bad_dst_ip": 1},
    ),
    "names": (
        flows(
            src_ip=None, src_namespace=pa.array(["shop", "shop", None, "x"]), src_pod=pa.array(["web"] * 4)
        ),
        {"bad_src_ip": 1},
    ),
    "a column without any value": (flows(src_ip=pa.nulls(4)), {"bad_src_ip": 4}),
    "no column of use": (flows(dst_port=pa.nulls(4), protocol=pa.nulls(4)), {"bad_protocol": 4}),
}
"""Tables of which some rows are rejected, and the reasons."""

WHOLE = {
    "zero rows": flows(0),
    "eight bits": flows(dst_port=pa.array([22] * 4, pa.int8())),
    "nanoseconds": flows(start_time=pa.array([NOON * 1000 + 999] * 4, pa.timestamp("ns", "UTC"))),
    "milliseconds": flows(start_time=pa.array([NOON // 1000] * 4, pa.timestamp("ms", "UTC"))),
    "a time zone on Mars": flows(start_time=pa.array([NOON] * 4, pa.timestamp("us", "Mars/Olympus"))),
    "an end past the calendar": flows(end_time=pa.array([EXTREME, None, 0, NOON], US)),
    "unused values that do not fit": flows(
        icmp_type=pa.array([70000, -1, None, 5]), service_port=pa.array([2**40] * 4)
    ),
    "large strings": flows(src_ip=pa.array([WEB] * 4, pa.large_string())),
    "string views": flows(
        src_ip=pa.array([WEB] * 4, pa.string_view()), dst_pod=pa.array(["p"] * 4, pa.string_view())
    ),
    "sixteen bytes": flows(src_ip=pa.array([mapped(WEB)] * 4, pa.binary(16))),
    "a scoped address": flows(src_ip=pa.array(["fe80::1%eth0", f"::ffff:{WEB}"] * 2)),
    "empty names": flows(src_pod=pa.nulls(4), src_namespace=pa.array([""] * 4), observer=pa.nulls(4)),
    "bytes as floats": flows(bytes=pa.array([float("nan"), 1, 2, 3])),
    "lists": flows(policy_refs=pa.array([["a", None], [], None, ["b"]])),
    "dotted names": flows(**{"start_time.x": pa.array([1] * 4), "observer": pa.array(["o"] * 4)}),
    "names like ours": flows(src=pa.array(list("abcd")), flow_src=pa.array([0] * 4), row=pa.array([9] * 4)),
    "strange extras": flows(
        struct=pa.array([{"a": 1}] * 4),
        binary=pa.array([b"\xff"] * 4),
        zoned=pa.array([2**62] * 4, pa.timestamp("ms", "Mars/Olympus")),
        date=pa.array([2**30] * 4, pa.date32()),
        span=pa.array([2**62] * 4, pa.duration("us")),
        number=pa.array([float("nan"), float("inf"), None, 0]),
        nothing=pa.nulls(4),
    ),
}
"""Tables of which every row is judged."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    """Every table above in one folder, audited at once with all columns kept, beside one good file."""
    base = tmp_path_factory.mktemp("hostile")
    tables = {**REFUSED, **{name: table for name, (table, _) in ROWS.items()}, **WHOLE}
    for name, table in tables.items():
        write(base / "flows" / f"{name}.parquet", table)
    write(base / "flows" / "good.parquet")
    cluster = write_cluster(base / "cluster")
    return audit(base / "flows", cluster, out=base / "out", jobs=1, keep_columns=True)


def entry_of(result: AuditResult, name: str) -> dict[str, object]:
    assert result.out is not None
    found: dict[str, object] = ledger(result.out)[f"{name}.parquet"]
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_the_wrong_shape_has_failed_and_can_be_told(judged: AuditResult, name: str) -> None:
    entry = entry_of(judged, name)
    assert (entry["status"], entry["reason"]) == ("failed", "unreadable")
    assert entry["detail"]
    assert len(str(entry["sha256"])) == 64


@pytest.mark.parametrize("name", ROWS)
def test_a_value_that_cannot_be_used_rejects_its_row(judged: AuditResult, name: str) -> None:
    table, reasons = ROWS[name]
    entry = entry_of(judged, name)
    rejected = entry["rejected"]
    assert isinstance(rejected, list)
    assert entry["status"] == "judged"
    assert {each["reason"]: each["rows"] for each in rejected} == reasons
    assert entry["rows_rejected"] == sum(reasons.values())
    assert set(reasons) <= set(REJECTIONS)
    assert entry["rows_declared"] == table.num_rows


@pytest.mark.parametrize("name", WHOLE)
def test_forms_that_are_odd_but_legal_are_judged(judged: AuditResult, name: str) -> None:
    entry = entry_of(judged, name)
    assert (entry["status"], entry["rows_rejected"]) == ("judged", 0), entry["detail"]
    assert entry["rows_declared"] == WHOLE[name].num_rows


def test_the_good_file_among_them_is_judged_whole_and_the_run_is_incomplete(judged: AuditResult) -> None:
    assert entry_of(judged, "good")["rows_judged"] == 4
    assert not judged.summary.complete
    assert judged.ledger.totals.files_failed == len(REFUSED)


def test_kept_columns_never_take_the_place_of_ours(judged: AuditResult) -> None:
    assert judged.out is not None
    table = pq.read_table(judged.out / "violations.parquet")
    table.validate(full=True)
    named = table.filter(pa.compute.equal(table["flow_flow_src"], "a"))
    assert named.num_rows == 1
    assert named["src"][0].as_py() == "shop/Pod/web"
    assert set(table["flow_row"].to_pylist()) == {None, "9"}
    assert set(table["zoned"].to_pylist()) == {None, str(2**62)}


def test_a_value_that_no_verdict_needs_is_null_where_it_does_not_fit(judged: AuditResult) -> None:
    assert judged.out is not None
    table = pq.read_table(judged.out / "violations.parquet")
    files = [Path(file).stem for file in table["source_file"].to_pylist()]
    ends = [
        e
        for f, e in zip(files, table["end_time"].cast(pa.int64()).to_pylist(), strict=True)
        if f == "an end past the calendar"
    ]
    assert ends == [None, None, 0, NOON]
    here = [p for f, p in zip(files, table["icmp_type"].to_pylist(), strict=True) if f.startswith("unused")]
    assert here == [None, None, None, 5]


def rows_of(violations: pa.Table, name: str) -> pa.Table:
    """The violations of one file, without its name."""
    mine = pa.compute.ends_with(violations["source_file"], f"/{name}")
    return violations.filter(mine).drop_columns("source_file")


def test_damage_anywhere_is_found_where_pages_have_checksums(tmp_path: Path, cluster: Path) -> None:
    """Cut short, and bits flipped: never other rows without a word. A flip outside what a checksum covers may
    be harmless; then the rows are all there, and the same.

    Of a footer only the last eight bytes are damaged, which are looked at first: some bits of its inside end
    the process of pyarrow 26.0.1 by SIGABRT. What becomes of readers that die: test_interruption.py.
    """
    table = flows(2000, bytes=pa.array(range(2000)))
    good = write(tmp_path / "flows" / "good.parquet", table, write_page_checksum=True, compression="zstd")
    content = good.read_bytes()
    dice = random.Random(7)
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for number in range(12):
        (good.parent / f"cut{number}.parquet").write_bytes(content[: dice.randrange(len(content))])
    for number in range(60):
        damaged = bytearray(content)
        where = dice.randrange(4, footer) if number % 2 else dice.randrange(len(content) - 8, len(content))
        damaged[where] ^= 1 << dice.randrange(8)
        (good.parent / f"{'page' if number % 2 else 'foot'}{number}.parquet").write_bytes(damaged)
    result = audit(good.parent, cluster, out=tmp_path / "out", jobs=1)
    violations = pq.read_table(tmp_path / "out" / "violations.parquet")
    expected = rows_of(violations, "good.parquet")
    for name, entry in ledger(tmp_path / "out").items():
        kept = rows_of(violations, name)
        if entry["status"] == "failed":
            assert kept.num_rows == 0, name
        else:
            assert kept.equals(expected), name
            assert not name.startswith("cut"), name
    assert result.ledger.totals.files_failed > 12 + 25
    assert result.ledger.totals.files_seen == 73


def test_encodings_and_footers_without_rows(tmp_path: Path, cluster: Path) -> None:
    encodings = {"src_ip": "DELTA_BYTE_ARRAY", "dst_ip": "DELTA_LENGTH_BYTE_ARRAY"}
    write(tmp_path / "f" / "delta.parquet", use_dictionary=False, column_encoding=encodings)
    pq.ParquetWriter(tmp_path / "f" / "empty.parquet", flows().schema).close()
    (tmp_path / "f" / "nothing.parquet").touch()
    audit(tmp_path / "f", cluster, out=tmp_path / "out")
    entries = ledger(tmp_path / "out")
    assert [(e["status"], e["rows_judged"]) for _, e in sorted(entries.items())] == [
        ("judged", 4),
        ("judged", 0),
        ("failed", 0),
    ]
    assert entries["nothing.parquet"]["sha256"] == hashlib.sha256().hexdigest()


def test_byte_counts_whose_sum_would_wrap_fail_their_file(tmp_path: Path, cluster: Path) -> None:
    write(tmp_path / "f" / "much.parquet", flows(200, bytes=pa.array([1 << 50] * 200)))
    write(tmp_path / "f" / "good.parquet")
    result = audit(tmp_path / "f", cluster, out=tmp_path / "out")
    assert "more than any network" in ledger(tmp_path / "out")["much.parquet"]["detail"]
    assert result.summary.bytes is None


def test_warnings_stand_beside_the_file(tmp_path: Path, cluster: Path) -> None:
    table = flows(
        start_time=pa.array([NOON] * 4, pa.timestamp("us")),
        sampling_rate=pa.array([1, 100, None, 1000]),
        Bytes=pa.array([1] * 4),
    )
    write(tmp_path / "f.parquet", table)
    audit(tmp_path / "f.parquet", cluster, out=tmp_path / "out")
    assert ledger(tmp_path / "out")["f.parquet"]["warnings"] == [
        "start_time has no time zone; read as UTC",
        "column Bytes is not read; if it is meant as bytes, rename it",
        "sampled traffic, rows: 2; their counts are those of the samples",
    ]


@pytest.mark.parametrize("name", [b"esc\x1b[31m\nFAKE: 0 violations", b"bytes\xff\xfe"])
def test_any_file_name_is_written_down(tmp_path: Path, cluster: Path, name: bytes) -> None:
    good = write(tmp_path / "good.parquet").read_bytes()
    (tmp_path / "flows").mkdir()
    path = os.path.join(os.fsencode(tmp_path / "flows"), name + b".parquet")
    with open(path, "wb") as file:
        file.write(good)
    result = audit(tmp_path / "flows", cluster, out=tmp_path / "out")
    text = os.path.join(str(tmp_path / "flows"), name.decode("utf-8", "backslashreplace") + ".parquet")
    assert [file.file for file in result.ledger.files] == [text]
    assert [finding.example.file for finding in result.findings] == [text]
    assert set(pq.read_table(tmp_path / "out" / "violations.parquet")["source_file"].to_pylist()) == {text}


def test_what_is_no_file_of_flows(tmp_path: Path, cluster: Path) -> None:
    """One file under many names is judged once; what would hang or loop is not opened."""
    folder = tmp_path / "f"
    good = write(folder / "good.parquet")
    os.mkfifo(folder / "fifo.parquet")
    (folder / "hard.parquet").hardlink_to(good)
    (folder / "link.parquet").symlink_to(good)
    (folder / "loop.parquet").symlink_to(folder / "loop.parquet")
    (folder / "again").symlink_to(folder)
    write(folder / ".hidden.parquet")
    (folder / "readme.txt").touch()
    paths = [folder, good, f"{folder}/*.parquet"]
    result = audit(paths, cluster, out=tmp_path / "out")
    states = {name: entry["status"] for name, entry in ledger(tmp_path / "out").items()}
    assert states == {
        "good.parquet": "judged",
        "fifo.parquet": "failed",
        "hard.parquet": "skipped",
        "link.parquet": "skipped",
        "loop.parquet": "failed",
        ".hidden.parquet": "skipped",
        "readme.txt": "skipped",
    }
    assert result.ledger.totals.rows_judged == 4


def test_results_inside_the_input_are_no_flows(tmp_path: Path, cluster: Path) -> None:
    write(tmp_path / "f" / "a.parquet")
    for out in (tmp_path / "f" / "out", tmp_path / "f"):
        for _ in range(2):
            result = audit(tmp_path / "f", cluster, out=out)
            assert result.ledger.totals.rows_declared == 4
            assert result.ledger.totals.files_failed == 0


def test_a_folder_that_cannot_be_listed_has_failed(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "f" / "a.parquet")
    write(tmp_path / "f" / "closed" / "b.parquet")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    audit(tmp_path / "f", cluster, out=tmp_path / "out")
    monkeypatch.undo()
    assert {n: e["status"] for n, e in ledger(tmp_path / "out").items()} == {
        "a.parquet": "judged",
        "closed": "failed",
    }


@pytest.mark.parametrize("paths", [["empty"], ["none.parquet"], ["*.pq"], ["ftp://host/x"]])
def test_no_input_is_never_a_clean_pass(tmp_path: Path, cluster: Path, paths: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError):
        audit([p if "://" in p else tmp_path / p for p in paths], cluster)

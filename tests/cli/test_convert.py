"""flowcheck convert, and flows from standard input."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from flowcheck.cli.exits import Exit
from flowcheck.flows.formats import HOMES, all_formats
from tests.cli.run import flowcheck, in_a_process
from tests.runners.test_logs import RECORDS, event, lines
from tests.runners.worlds import DENIED, write_cluster


def test_the_command_line_knows_the_formats_there_are() -> None:
    assert tuple(format_.name for format_ in all_formats()) == tuple(HOMES)


def test_it_tells_what_became_of_each_record(tmp_path: Path) -> None:
    (tmp_path / "n1.jsonl").write_bytes(lines(RECORDS))
    out, ledger = tmp_path / "flows.parquet", tmp_path / "ledger.json"
    done = flowcheck("convert", tmp_path / "n1.jsonl", "-o", out, "--ledger", ledger, "--jobs", "1")
    assert done.returncode == Exit.INCOMPLETE
    said = "5 records: 3 rows, 1 left out (1 lost_events), 1 rejected (1 bad_record: line 3)"
    assert f"Cilium Hubble, because its lines have a flow: {said}" in done.stderr
    assert pq.read_metadata(out).num_rows == 3
    (file,) = json.loads(ledger.read_text())
    assert (file["status"], file["records"], file["rows"]) == ("converted", 5, 3)
    assert pq.read_schema(out).metadata[b"source_format"] == b"hubble"


def test_what_is_wrong_with_a_mapping_is_said_before_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("columns:\n  start_time: t\n  dst_prot: p\n")
    mapping = ("--mapping", tmp_path / "m.yaml")
    done = flowcheck("convert", tmp_path / "none.jsonl", "-o", tmp_path / "x.parquet", *mapping)
    assert done.returncode == Exit.USAGE
    assert f"error: {tmp_path / 'm.yaml'}: the mapping cannot be used\n" in done.stderr
    assert "  mapping, line 3: there is no column 'dst_prot' (did you mean dst_port?)\n" in done.stderr


def test_a_name_in_a_log_reaches_no_terminal_unescaped(tmp_path: Path) -> None:
    path = tmp_path / "n\x1b[31m.jsonl"
    path.write_bytes(lines([event(DENIED)]))
    done = flowcheck("convert", path, "-o", tmp_path / "x.parquet", "--jobs", "1")
    assert done.returncode == Exit.CLEAN
    assert "\x1b" not in done.stderr


def test_standard_input_is_judged_and_converted(tmp_path: Path) -> None:
    text = lines([event(DENIED)]).decode()
    cluster = write_cluster(tmp_path / "cluster")
    done = in_a_process("audit", "-", "--cluster", cluster, "-f", "json", stdin=text)
    assert done.returncode == Exit.VIOLATIONS
    assert json.loads(done.stdout)["findings"][0]["example"]["file"] == "standard input"
    assert "standard input: read as hubble, because its lines have a flow" in done.stderr
    done = in_a_process("convert", "-", "-o", tmp_path / "x.parquet", stdin=text)
    assert done.returncode == Exit.CLEAN
    assert pq.read_table(tmp_path / "x.parquet").column("source_file").to_pylist() == ["standard input"]
    assert in_a_process("convert", "-", "-", "-o", tmp_path / "y.parquet", stdin="").returncode == Exit.USAGE


def test_what_is_asked_wrongly_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("x")
    for option, value in (("--time-zone", "Mars/Base"), ("--fields", "a,a"), ("--time-unit", "h")):
        done = flowcheck("convert", tmp_path / "x.log", "-o", tmp_path / "x.parquet", option, value)
        assert done.returncode == Exit.USAGE, done.stderr


def test_nothing_is_written_where_nothing_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("some words\n")
    done = flowcheck("convert", tmp_path / "x.log", "-o", tmp_path / "x.parquet", "--jobs", "1")
    assert done.returncode == Exit.USAGE
    assert "cannot tell what this is" in done.stderr
    assert not (tmp_path / "x.parquet").exists()

"""Whatever is changed in a result is told: by its hash, or, where that was made to agree, by its sums."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowcheck.api import audit
from flowcheck.errors import RunError
from flowcheck.flows.files.finding import MANIFEST, RESULTS, WORK_FOLDER
from flowcheck.runners.verifying import documents
from flowcheck.runners.verifying.tables import reading
from flowcheck.runners.verifying.verify import verify
from flowcheck.runners.workspace import Workspace
from tests.cli.run import flowcheck
from tests.runners.verifying.results import (
    DOCUMENTS,
    TABLES,
    copied,
    edit_document,
    edit_table,
    sign,
    told_of,
    write_result,
)


@pytest.fixture(scope="module")
def other(forked_workers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of another audit."""
    base = tmp_path_factory.mktemp("other")
    write_result(base)
    shutil.rmtree(base / "out")
    (base / "flows" / "c.parquet").unlink()
    audit(base / "flows", base / "cluster", out=base / "out")
    return base / "out"


@pytest.mark.parametrize("name", RESULTS)
def test_a_flipped_byte(result: Path, name: str) -> None:
    data = bytearray((result / name).read_bytes())
    data[len(data) // 2] ^= 1
    (result / name).write_bytes(data)
    found = told_of(result)
    assert (name, "SHA-256") in found
    assert {file for file, what in found if what in ("SHA-256", "bytes")} == {name}


@pytest.mark.parametrize("name", RESULTS)
def test_a_file_that_was_cut_short(result: Path, name: str) -> None:
    os.truncate(result / name, (result / name).stat().st_size // 2)
    found = told_of(result)
    assert {(name, "bytes"), (name, "SHA-256"), (name, "content")} <= found.keys()


@pytest.mark.parametrize("name", TABLES)
def test_a_row_that_was_dropped_shows_in_sums(result: Path, name: str) -> None:
    edit_table(result, name, lambda table: table.slice(1))
    found = told_of(result)
    assert found
    assert not [what for _, what in found if what in ("SHA-256", "bytes")]


SUMMARY = {
    "verdicts": lambda s: s["verdicts"].update(deny=s["verdicts"]["deny"] + 1),
    "flows": lambda s: s.update(flows=s["flows"] - 1),
    "bytes": lambda s: s.update(bytes=None),
    "coverage": lambda s: s.update(coverage=100.0),
    "complete": lambda s: s.update(complete=True),
    "last_seen": lambda s: s.update(last_seen="2026-11-01T12:00:01Z"),
    "violations": lambda s: s["violations"].update(forwarded_denied=0),
    "totals": lambda s: s["totals"].update(rows_rejected=0),
    "program": lambda s: s.update(program="0" * 64),
    "load": lambda s: s["load"].update(balanced=7),
    "unused_rules": lambda s: s.update(unused_rules=9),
    "attribution": lambda s: s["attribution"]["resolved"].update(records=0),
    "observed": lambda s: s["observed"].update(denied=50),
    "version": lambda s: s.update(version="9"),
    "schema": lambda s: s.update(schema=2),
}


@pytest.mark.parametrize("field", SUMMARY)
def test_a_number_of_the_summary(result: Path, field: str) -> None:
    edit_document(result, "summary.json", SUMMARY[field])
    assert [what for file, what in told_of(result) if what.split(".")[0].split(" ")[0].rstrip(",") == field]


LEDGER: dict[str, Callable[[dict[str, Any]], object]] = {
    "rows_judged of": lambda entry: entry.update(rows_judged=entry["rows_judged"] - 1, rows_filtered=1),
    "rows_declared of": lambda entry: entry.update(rows_declared=entry["rows_declared"] + 1),
    "rows_rejected of": lambda entry: entry.update(rejected=[]),
    "status of": lambda entry: entry.update(status="perhaps"),
    "rows_filtered of": lambda entry: entry.update(rows_filtered=-1, rows_judged=entry["rows_judged"] + 1),
    "first_rows of": lambda entry: entry["rejected"][0].update(first_rows=[99]),
    "source_file": lambda entry: entry.update(file="elsewhere.parquet"),
}


@pytest.mark.parametrize("what", LEDGER)
def test_a_number_of_the_ledger(result: Path, what: str) -> None:
    edit_document(result, "ledger.json", lambda ledger: LEDGER[what](ledger["files"][0]))
    found = told_of(result)
    wanted = "totals.rows_judged" if what == "rows_judged of" else what
    assert [one for _, one in found if one.startswith(wanted)]


def test_a_total_of_the_ledger_that_its_files_do_not_have(result: Path) -> None:
    edit_document(result, "ledger.json", lambda ledger: ledger["totals"].update(rows_judged=1))
    found = told_of(result)
    assert found["ledger.json", "totals.rows_judged (its files added up)"][1] == 1
    assert ("ledger.json", "totals.rows_declared (what became of them added up)") in found
    assert ("summary.json", "totals.rows_judged (as in ledger.json)") in found


FINDINGS: dict[str, Callable[[dict[str, Any]], object]] = {
    "records": lambda finding: finding.update(records=99),
    "flows": lambda finding: finding.update(flows=99),
    "bytes": lambda finding: finding.update(bytes=99),
    "kind": lambda finding: finding.update(kind="perhaps"),
    "example": lambda finding: finding["example"].update(file="elsewhere.parquet"),
    "different fingerprints": lambda finding: finding.update(fingerprint="0"),
}


@pytest.mark.parametrize("what", FINDINGS)
def test_a_number_of_the_findings(result: Path, what: str) -> None:
    def change(document: dict[str, Any]) -> None:
        for finding in document["findings"][:2]:
            FINDINGS[what](finding)

    edit_document(result, "findings.json", change)
    assert [one for file, one in told_of(result) if file == "findings.json" and one.startswith(what)]


def test_a_finding_that_was_taken_out(result: Path) -> None:
    edit_document(result, "findings.json", lambda document: document["findings"].pop())
    assert ("findings.json", "findings (as in summary.json)") in told_of(result)


@pytest.mark.parametrize("column", ["records", "flow_count"])
def test_a_count_of_a_rule(result: Path, column: str) -> None:
    def change(table: pa.Table) -> pa.Table:
        place = table.column_names.index(column)
        return table.set_column(place, table.field(place), pa.array([77] * len(table), pa.uint64()))

    edit_table(result, "policy_hits.parquet", change)
    assert [one for file, one in told_of(result) if file == "policy_hits.parquet" and one.startswith(column)]


def test_a_violating_row_of_another_file(result: Path) -> None:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(0, "source_file", pa.array(["elsewhere.parquet"] * len(table)))

    edit_table(result, "violations.parquet", change)
    assert told_of(result)["violations.parquet", "source_file"][1] == "elsewhere.parquet"


@pytest.mark.parametrize("name", [*RESULTS, MANIFEST])
def test_a_file_that_is_gone(result: Path, name: str) -> None:
    (result / name).unlink()
    assert told_of(result) == {(name, "file"): ("a file", "missing")}


def test_files_that_are_too_many(result: Path) -> None:
    (result / "notes.txt").touch()
    (result / WORK_FOLDER).mkdir()
    assert told_of(result) == {
        (WORK_FOLDER, "file"): (None, "left by an unfinished audit"),
        ("notes.txt", "file"): (None, "additional"),
    }


def _link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [(_link, "a symbolic link"), (_folder, "not a regular file"), (_pipe, "not a regular file")],
)
@pytest.mark.parametrize("name", ["edges.parquet", "ledger.json"])
def test_what_is_no_file_is_not_opened(
    result: Path, name: str, change: Callable[[Path], None], said: str
) -> None:
    change(result / name)
    assert told_of(result) == {(name, "file"): ("a file", said)}


@pytest.mark.parametrize("name", RESULTS)
def test_a_file_of_another_result(result: Path, other: Path, name: str) -> None:
    shutil.copyfile(other / name, result / name)
    assert (name, "SHA-256") in told_of(result) or (other / name).read_bytes() == (result / name).read_bytes()


@pytest.mark.parametrize("name", ["edges.parquet", "violations.parquet", *DOCUMENTS])
def test_a_file_of_another_result_with_its_hash(result: Path, other: Path, name: str) -> None:
    shutil.copyfile(other / name, result / name)
    sign(result)
    assert told_of(result)


def test_what_the_manifest_lists_is_what_an_audit_writes(result: Path) -> None:
    def change(manifest: dict[str, Any]) -> None:
        entries = manifest["files"]
        entries[1] = dict(entries[0])
        entries.append({"file": "../notes.txt", "bytes": 1, "sha256": ""})

    manifest = json.loads((result / MANIFEST).read_text())
    change(manifest)
    (result / MANIFEST).write_text(json.dumps(manifest))
    found = told_of(result)
    assert found == {
        (MANIFEST, "entries for ../notes.txt"): (0, 1),
        (MANIFEST, "entries for edges.parquet"): (1, 2),
        (MANIFEST, "entries for findings.json"): (1, 0),
    }


def test_columns_that_are_not_those_of_an_audit(result: Path) -> None:
    def change(table: pa.Table) -> pa.Table:
        table = table.drop_columns(["reason"]).append_column("more", pa.array([1] * len(table)))
        return table.set_column(0, "source", pa.array([0] * len(table)))

    edit_table(result, "edges.parquet", change)
    assert told_of(result) == {
        ("edges.parquet", "column source"): ("string", "int64"),
        ("edges.parquet", "column reason"): ("string", None),
        ("edges.parquet", "column more"): (None, "int64"),
    }


def test_columns_in_another_order(result: Path) -> None:
    edit_table(result, "load.parquet", lambda table: table.select(table.column_names[::-1]))
    ((file, what), _), *rest = told_of(result).items()
    assert (file, what, rest) == ("load.parquet", "column their order", [])


ODD_DOCUMENTS = {
    "nothing": b"",
    "something else": b"[]",
    "another type": b'{"schema": "1"}',
    "not UTF-8": b'{"version": "\xff"}',
    "nested too deep": b'{"more": ' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.mark.parametrize("name", ["summary.json", "ledger.json", "findings.json", MANIFEST])
@pytest.mark.parametrize("data", ODD_DOCUMENTS.values(), ids=ODD_DOCUMENTS)
def test_a_document_that_is_something_else(result: Path, name: str, data: bytes) -> None:
    (result / name).write_bytes(data)
    found = told_of(result)
    assert found[name, "content"][0] == "JSON of schema 1"
    assert {what for file, what in found if file == name} <= {"content", "SHA-256", "bytes"}


def test_a_document_that_is_too_large_is_not_read(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (result / "ledger.json").stat().st_size
    monkeypatch.setattr(documents, "MAX_JSON", size - 1)
    found = told_of(result)
    assert found["ledger.json", "content"] == (f"up to {size - 1} bytes", f"{size} bytes, which are not read")


@pytest.mark.parametrize("data", [b"", b"PAR1 of something else PAR1", b'{"not": "Parquet"}'])
def test_a_table_that_is_something_else(result: Path, data: bytes) -> None:
    (result / "edges.parquet").write_bytes(data)
    sign(result)
    found = told_of(result)
    assert [*found] == [("edges.parquet", "content")]


DIES = """\
import os, signal
from flowcheck.runners.verifying.tables import reader
read = reader.read_table
def dying(name, descriptor):
    if name == "edges.parquet":
        os.kill(os.getpid(), signal.SIGKILL)
    return read(name, descriptor)
reader.read_table = dying
reader.main()
"""


def test_a_reader_that_dies_costs_the_table_it_was_on(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READER", [sys.executable, "-c", DIES])
    found = verify(result)
    assert [(one.file, one.found) for one in found.differences] == [
        ("edges.parquet", "the process that read it died (SIGKILL)")
    ]
    assert found.violations == 6


def test_a_reader_that_does_not_start_is_no_fault_of_the_result(
    result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READER", [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(RunError, match="cannot be started"):
        verify(result)


def test_all_that_differs_is_told_at_once(result: Path) -> None:
    (result / "load.parquet").unlink()
    (result / "notes.txt").touch()
    pq.write_table(pq.read_table(result / "edges.parquet").slice(2), result / "edges.parquet")
    (result / "summary.json").write_text("{}")
    found = told_of(result)
    assert {"load.parquet", "notes.txt", "edges.parquet", "summary.json", "policy_hits.parquet"} <= {
        file for file, _ in found
    }


def test_what_is_no_result_folder_is_refused(result: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "begun" / WORK_FOLDER).mkdir(parents=True)
    for folder, why in (
        (tmp_path / "nowhere", "No such file"),
        (result / "edges.parquet", "Not a directory"),
        (tmp_path / "empty", "no result of an audit"),
        (tmp_path / "begun", "not finished"),
    ):
        with pytest.raises(RunError, match=why):
            verify(folder)


def test_a_folder_that_is_written_to_is_not_read(result: Path) -> None:
    with Workspace(result), pytest.raises(RunError, match="an audit is at work here"):
        verify(result)
    assert verify(result).holds


# -- inputs -------------------------------------------------------------------------------------------


@pytest.fixture
def world(forked_workers: None, tmp_path: Path) -> Path:
    """A result with its inputs, all of them to be changed."""
    write_result(tmp_path)
    return tmp_path


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize("name", ["flows/a.parquet", "flows/d.parquet", "cluster/policy.yaml"])
def test_an_input_that_changed_gone_or_is_no_file(world: Path, name: str) -> None:
    path = world / name
    of_size = "SHA-256 of the input" if name.startswith("cluster") else "bytes of the input"
    for change, what in (
        (_flip, "SHA-256 of the input"),
        (_append, of_size),
        (_pipe, "input"),
        (Path.unlink, "input"),
    ):
        change(path)
        assert told_of(world / "out") == {}
        assert [*told_of(world / "out", inputs=True)] == [(str(path), what)]


def test_a_copy_is_held_against_the_same_inputs(world: Path, tmp_path: Path) -> None:
    copy = copied(world / "out", tmp_path / "copy")
    (world / "flows" / "b.parquet").unlink()
    assert [*told_of(copy, inputs=True)] == [(str(world / "flows" / "b.parquet"), "input")]


@pytest.mark.parametrize("name", ["/dev/zero", "/proc/self/mem", "a\0b", "/", ""])
def test_an_input_that_no_audit_had_is_not_read(result: Path, name: str) -> None:
    def change(ledger: dict[str, Any]) -> None:
        ledger["files"][0].update(file=name)
        ledger["cluster_inputs"][name] = "0" * 64

    edit_document(result, "ledger.json", change)
    found = told_of(result, inputs=True)
    assert [what for file, what in found if file == name]


@pytest.mark.parametrize("digits", [30, 4200])
def test_numbers_that_no_audit_has(result: Path, digits: int) -> None:
    number = 10**digits

    def change(summary: dict[str, Any]) -> None:
        summary["verdicts"].update(allow=number, deny=number)
        summary["totals"].update(rows_judged=number)

    edit_document(result, "summary.json", change)
    edit_document(result, "ledger.json", lambda ledger: ledger["totals"].update(rows_declared=number))
    done = flowcheck("verify", result, "-f", "terminal", "-f", f"json={result.parent / 'found.json'}")
    assert (done.returncode, done.stderr) == (3, "")
    found = told_of(result)
    assert found["summary.json", "verdicts.allow (edges.parquet added up)"] == (
        5,
        f"a number of {number.bit_length()} bits",
    )
    assert ("summary.json", "coverage (of its verdicts)") in found

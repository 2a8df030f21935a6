"""flowcheck query as a person runs it: answers in every form, and that it asks nothing but the result."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flowcheck.cli.main import COMMANDS
from flowcheck.reports.answer.terminal import MOST_ROWS
from tests.cli.run import flowcheck, in_a_process
from tests.runners.verifying.results import copied, write_result


@pytest.fixture(scope="module")
def written(forked_workers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_result(tmp_path_factory.mktemp("written"))


def rows(written: Path, sql: str) -> list[dict[str, object]]:
    done = flowcheck("query", written, sql, "-f", "jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["violations", "edges", "policy_hits", "services", "load"])
def test_every_table_is_there_with_its_columns_and_rows(written: Path, name: str) -> None:
    table = pq.read_table(written / f"{name}.parquet")
    assert rows(written, f"SELECT count(*) AS n FROM {name}") == [{"n": table.num_rows}]
    assert [row["column_name"] for row in rows(written, f"DESCRIBE {name}")] == table.schema.names


def test_findings_and_the_ledger_are_tables_too(written: Path) -> None:
    findings = json.loads((written / "findings.json").read_text())["findings"]
    asked = rows(written, "SELECT fingerprint, records, policies, first_seen FROM findings")
    assert [row["fingerprint"] for row in asked] == [finding["fingerprint"] for finding in findings]
    assert [row["policies"] for row in asked] == [finding["policies"] for finding in findings]
    ledger = json.loads((written / "ledger.json").read_text())
    (totals,) = rows(written, "SELECT sum(rows_declared) AS declared, count(*) AS files FROM ledger")
    assert totals == {"declared": ledger["totals"]["rows_declared"], "files": len(ledger["files"])}


def test_tables_can_be_joined(written: Path) -> None:
    both = "findings f JOIN violations v ON v.kind = f.kind AND v.dst_port = f.port"
    (row, *_) = rows(written, f"SELECT f.fingerprint, count(*) AS n FROM {both} GROUP BY ALL ORDER BY n DESC")
    assert row["n"]


def test_values_of_every_kind_can_be_told(written: Path) -> None:
    sql = (
        "SELECT 170141183460469231731687303715884105727 AS huge, 1.50::DECIMAL(4, 2) AS money,"
        " 'nan'::DOUBLE AS nothing,"
        " TIMESTAMPTZ '2026-01-02 03:04:05+01' AS time, DATE '2026-01-02' AS day, '\\xAB'::BLOB AS bytes,"
        " {'a': [1, NULL]} AS nested, INTERVAL 3 DAY AS span, true AS yes, NULL AS none"
    )
    (row,) = rows(written, sql)
    assert row.pop("span")
    assert row == {
        "huge": (1 << 127) - 1,
        "money": "1.50",
        "nothing": None,
        "time": "2026-01-02T02:04:05Z",
        "day": "2026-01-02",
        "bytes": "ab",
        "nested": {"a": [1, None]},
        "yes": True,
        "none": None,
    }


def test_csv_json_and_a_terminal_say_the_same(written: Path, tmp_path: Path) -> None:
    sql = "SELECT kind, count(*) AS n, any_value(policies) AS policies FROM violations GROUP BY 1 ORDER BY 1"
    asked = rows(written, sql)
    read = list(csv.DictReader(io.StringIO(flowcheck("query", written, sql, "-f", "csv").stdout)))
    assert [(row["kind"], int(row["n"])) for row in read] == [(row["kind"], row["n"]) for row in asked]
    assert flowcheck("query", written, sql, "-f", f"json={tmp_path / 'a.json'}").stdout == ""
    document = json.loads((tmp_path / "a.json").read_text())
    assert (document["schema"], document["rows"]) == (1, asked)
    assert document["columns"][:2] == [{"name": "kind", "type": "string"}, {"name": "n", "type": "int64"}]
    head, *_, last = flowcheck("query", written, sql).stdout.splitlines()
    assert head.split() == ["kind", "n", "policies"]
    assert last == f"{len(asked)} row{'s' * (len(asked) != 1)}"


def test_many_columns_are_shown_row_by_row(written: Path) -> None:
    lines = flowcheck("query", written, "SELECT * FROM violations LIMIT 2").stdout.splitlines()
    assert [line for line in lines if line.startswith("row ")] == ["row 0", "row 1"]
    assert any(line.split() == ["protocol", "6"] for line in lines)


def test_a_terminal_shows_the_first_rows_and_says_so(written: Path) -> None:
    sql = f"SELECT * FROM range({MOST_ROWS + 1})"
    *shown, last = flowcheck("query", written, sql).stdout.splitlines()
    assert (len(shown), shown[-1].strip()) == (MOST_ROWS + 1, str(MOST_ROWS - 1))
    assert last == f"the first {MOST_ROWS} rows; -f csv=FILE or jsonl=FILE writes all"
    assert len(flowcheck("query", written, sql, "-f", "csv").stdout.splitlines()) == MOST_ROWS + 2


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELCT 1", "syntax error"),
        ("SELECT nosuch FROM edges", 'column "nosuch" not found'),
        ("SELECT * FROM nosuch", "the tables are violations, edges"),
        ("SELECT error('as asked') FROM range(3)", "as asked"),
        ("", "one question at a time, not 0"),
        ("SELECT 1; SELECT 2", "one question at a time, not 2"),
        ("CREATE TABLE x AS SELECT 1", "CREATE is no question"),
        ("SET threads = 1", "SET is no question"),
        ("COPY edges TO 'edges.csv'", "COPY is no question"),
        ("SELECT * FROM 'data/flows/*.parquet'", "file system operations are disabled"),
        ("SELECT * FROM written", "the tables are"),
    ],
)
def test_what_is_no_question_about_the_result_ends_with_2(written: Path, sql: str, said: str) -> None:
    done = flowcheck("query", written, sql)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_nothing_reaches_a_terminal_unescaped(written: Path) -> None:
    sql = "SELECT chr(27) || '[2J' || chr(10) AS a, '=1+1' AS b"
    shown = flowcheck("query", written, sql).stdout
    assert "\\x1b[2J\\n" in shown
    assert all(line.isprintable() for line in shown.splitlines())
    assert flowcheck("query", written, sql, "-f", "csv").stdout == "a,b\n\\x1b[2J\\n,'=1+1\n"
    assert "\x1b" not in flowcheck("query", written, "SELECT error(chr(27) || '[2J')").stderr


def test_what_is_no_result_or_a_broken_one_ends_with_2(written: Path, tmp_path: Path) -> None:
    assert "no result" in flowcheck("query", tmp_path, "SELECT 1").stderr
    out = copied(written, tmp_path)
    (out / "edges.parquet").write_bytes(b"PAR1")
    (out / "findings.json").write_text("{}")
    done = flowcheck("query", out, "SELECT 1")
    assert done.returncode == 2
    assert f"flowcheck verify {out} says what is wrong" in done.stderr
    (out / "edges.parquet").unlink()
    (out / "edges.parquet").symlink_to(written / "edges.parquet")
    assert "edges.parquet: not a file that an audit wrote" in flowcheck("query", out, "SELECT 1").stderr


def test_without_the_package_it_says_how_to_have_it(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = flowcheck("query", written, "SELECT 1")
    assert done.returncode == 2
    assert "pip install 'flowcheck[query]'" in done.stderr


def test_help_shows_questions_that_can_be_asked(written: Path) -> None:
    assert "query" in COMMANDS
    lines = in_a_process("query", "--help").stdout.splitlines()
    asked = [line.split('"')[1] for line in lines if "flowcheck query result" in line]
    assert len(asked) == 3
    for sql in asked:
        assert flowcheck("query", written, sql).returncode == 0

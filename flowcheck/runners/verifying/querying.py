"""SQL over a result: its tables are views of DuckDB, which sees nothing else of the machine.

The files are opened here and never through a link, and DuckDB is given rows, not paths: it may open no file,
load no extension and change no setting.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.dataset as ds

from flowcheck.errors import FlowcheckError, RunError
from flowcheck.results.asked import Answer
from flowcheck.results.records.findings import Findings
from flowcheck.results.records.ledger import Ledger
from flowcheck.results.records.tables import LEDGER_SCHEMA
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.documents import FindingsFile, read_document
from flowcheck.runners.verifying.folder import OpenedFile, OpenedResult

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = ("violations", "edges", "policy_hits", "services", "load")
"""Views of the Parquet files of these names."""
FINDINGS, LEDGER = "findings", "ledger"
"""Of the JSON files of these names: one row for each finding, and for each file of the log."""
ROWS = 1 << 16
"""Rows of a batch."""
MOST_SAID = 1000
"""Characters of what DuckDB says is wrong."""
_CLOSED = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "enable_external_access": False,
}
_ASKING = {"SELECT", "EXPLAIN"}
T = TypeVar("T")


class SqlError(FlowcheckError):
    """What was asked is no SQL, asks for what there is not, or is more than a question."""


@contextmanager
def query(folder: Path, sql: str) -> Iterator[Answer]:
    """The answer to one question about a result.

    **Raises**: RunError for what is no result folder, is being written to or lacks the package; SqlError.
    """
    try:
        duckdb = import_module("duckdb")
    except ImportError as error:
        hint = "pip install 'flowcheck[query]'"
        raise RunError("SQL over a result needs the package duckdb", hint=hint) from error
    with OpenedResult(folder, Differences()) as opened, duckdb.connect(config=_CLOSED) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
        for name, rows in _views(folder, opened):
            connection.register(name, rows)
        yield _ask(connection, sql, duckdb.Error)


def _ask(connection: DuckDBPyConnection, sql: str, error_type: type[Exception]) -> Answer:
    try:
        asked = connection.extract_statements(sql)
        if len(asked) != 1:
            raise SqlError(f"one question at a time, not {len(asked)}", hint="write one SELECT")
        if asked[0].type.name not in _ASKING:
            raise SqlError(
                f"{asked[0].type.name} is no question", hint="write a SELECT; -f csv=FILE keeps its answer"
            )
        reader = connection.sql(asked[0]).to_arrow_reader(ROWS)
    except error_type as error:
        raise _refused(error) from error
    return Answer(reader.schema, _batches(reader, error_type))


def _batches(reader: pa.RecordBatchReader, error_type: type[Exception]) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except (error_type, pa.ArrowException) as error:
        raise _refused(error) from error


def _refused(error: Exception) -> SqlError:
    said, _, rest = str(error).partition("\n")
    if "Did you mean" in rest or said.startswith(("Catalog Error", "Binder Error")):
        names = ", ".join((*TABLES, FINDINGS, LEDGER))
        return SqlError(said[:MOST_SAID], hint=f"the tables are {names}; their columns: DESCRIBE edges")
    return SqlError(said[:MOST_SAID])


def _views(folder: Path, opened: OpenedResult) -> Iterator[tuple[str, pa.Table | ds.Dataset]]:
    for name in TABLES:
        file = _file(folder, opened, f"{name}.parquet")
        try:
            yield name, ds.dataset(f"/proc/self/fd/{file.descriptor}", format="parquet")
        except (pa.ArrowException, OSError) as error:
            raise _damaged(folder, f"{name}.parquet") from error
    found = _document(folder, opened, FINDINGS, FindingsFile)
    yield FINDINGS, Findings(found.findings).to_arrow()
    yield LEDGER, _ledger(_document(folder, opened, LEDGER, Ledger))


def _document(folder: Path, opened: OpenedResult, name: str, type_: type[T]) -> T:
    document = read_document(f"{name}.json", _file(folder, opened, f"{name}.json"), type_, Differences())
    if document is None:
        raise _damaged(folder, f"{name}.json")
    return document


def _file(folder: Path, opened: OpenedResult, name: str) -> OpenedFile:
    if name not in opened.files:
        raise _damaged(folder, name)
    return opened.files[name]


def _damaged(folder: Path, name: str) -> RunError:
    where = os.path.join(folder, name)
    return RunError(
        "not a file that an audit wrote", where=where, hint=f"flowcheck verify {folder} says what is wrong"
    )


def _ledger(document: Ledger) -> pa.Table:
    """The files of the log, each with its rows by what became of them."""
    names = LEDGER_SCHEMA.names
    rows: list[dict[str, Any]] = [msgspec.structs.asdict(entry) for entry in document.files]
    return pa.Table.from_pylist([{name: row[name] for name in names} for row in rows], LEDGER_SCHEMA)

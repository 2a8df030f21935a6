"""What reads a log: flowcheck, and what else is there to read such a file with. All on one core."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pyarrow.csv as csv
import pyarrow.parquet as pq

from flowcheck.flows.formats import all_formats
from flowcheck.flows.formats.aws.fields import READ
from flowcheck.flows.formats.leaves import leaf_paths
from flowcheck.flows.formats.ocsf.paths import chosen
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.converted import convert
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.recognised import Recognised
from flowcheck.flows.logs.text.source import Source

Reader = Callable[[Path], int]
"""Reads a log, and says how many records it had."""
HAS_DUCKDB = find_spec("duckdb") is not None


def rows_of(name: str) -> Reader:
    """flowcheck, up to canonical batches: what an audit takes them over as."""
    format_ = next(format_ for format_ in all_formats() if format_.name == name)

    def read(path: Path) -> int:
        account = Account()
        with Source(str(path)) as source:
            for batch in format_.read(source, Asked(), account):
                account.rows += batch.num_rows
        if not account.balanced or account.rejected:
            raise RuntimeError(f"{path}: {vars(account)}")
        return account.records

    return read


def converted_by(name: str) -> Reader:
    """flowcheck, up to a Parquet file."""
    format_ = next(format_ for format_ in all_formats() if format_.name == name)

    def read(path: Path) -> int:
        with Source(str(path)) as source:
            return convert(source, Recognised(format_, ""), Asked(), io.BytesIO(), lambda _: None).records

    return read


def json_loads(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(json.loads(line) is not None for line in lines)


def pyarrow_csv(path: Path) -> int:
    """All columns, their types inferred."""
    options = csv.ReadOptions(use_threads=False)
    return int(csv.read_csv(path, options, csv.ParseOptions(delimiter=" ")).num_rows)


def pyarrow_parquet_aws(path: Path) -> int:
    """The columns that flowcheck reads."""
    file = pq.ParquetFile(path)
    return _rows(file, [name for name in file.schema_arrow.names if name in READ])


def pyarrow_parquet_ocsf(path: Path) -> int:
    """The leaves that flowcheck reads."""
    return _rows(pq.ParquetFile(path), _leaves(path))


def duckdb_ocsf(path: Path) -> int:
    """The same."""
    leaves = (".".join(f'"{name}"' for name in leaf.split(".")) for leaf in _leaves(path))
    return duckdb(f"SELECT {', '.join(leaves)} FROM read_parquet('{{path}}')")(path)


def _leaves(path: Path) -> list[str]:
    return chosen(frozenset(leaf_paths(pq.read_schema(path))))


def _rows(file: pq.ParquetFile, columns: list[str]) -> int:
    return sum(batch.num_rows for batch in file.iter_batches(1 << 16, columns=columns, use_threads=False))


def duckdb(query: str) -> Reader:
    """A query with ``{path}``; its result becomes Arrow."""

    def read(path: Path) -> int:
        import duckdb  # noqa: PLC0415 (may not be installed)

        with duckdb.connect(config={"threads": 1}) as connection:
            place = str(path).replace("'", "''")
            return int(connection.sql(query.format(path=place)).to_arrow_table().num_rows)

    return read

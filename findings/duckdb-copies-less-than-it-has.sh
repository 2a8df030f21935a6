#!/usr/bin/env bash
# DuckDB writes sums of integers, and differences of timestamps, to Parquet with less than they had, and says nothing.
#
# One would guess: COPY of a query to Parquet and back gives the query's rows, or refuses a type that the format lacks;
# integers and microseconds are types that the format has.
# Versions: duckdb 2.0.1, pyarrow 26.0.1.
# Seen: sum() of BIGINT is a HUGEINT, which is written as double: 2**53 + 1 bytes in two rows come back as 2**53. The
# difference of two timestamps is an INTERVAL, which the format has in milliseconds: a round trip of 456 microseconds
# comes back as 0, one of 1,999 as 1,000, and all below a millisecond are equal. DuckDB's own tables keep both. A sum as
# BIGINT or DECIMAL(38, 0), and date_diff() in microseconds, are kept in Parquet too.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1

cat >"$work/look.py" <<'PYTHON'
import sys
from datetime import timedelta

import duckdb
import pyarrow.parquet as pq

path = sys.argv[1]
connection = duckdb.connect()
connection.execute(f"""
CREATE TABLE flows AS SELECT * FROM (VALUES
    (1, {2**53}::BIGINT, TIMESTAMP '2026-03-10 00:00:00', TIMESTAMP '2026-03-10 00:00:00.000456'),
    (2, 1::BIGINT, TIMESTAMP '2026-03-10 00:00:00', TIMESTAMP '2026-03-10 00:00:00.001999')
) AS t(id, bytes, sent, answered)
""")
QUERIES = {
    "sum": "SELECT sum(bytes) AS v FROM flows",
    "sum as DECIMAL": "SELECT sum(bytes)::DECIMAL(38, 0) AS v FROM flows",
    "sum as BIGINT": "SELECT sum(bytes)::BIGINT AS v FROM flows",
    "difference": "SELECT answered - sent AS v FROM flows ORDER BY id",
    "date_diff": "SELECT date_diff('microsecond', sent, answered) AS v FROM flows ORDER BY id",
}


def values(query):
    return [value for (value,) in connection.execute(query).fetchall()]


seen = {}
print(f"duckdb {duckdb.__version__}")
for name, query in QUERIES.items():
    connection.execute(f"CREATE OR REPLACE TABLE kept AS {query}")
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    column = pq.ParquetFile(path).schema.column(0)
    seen[name] = values(query), values("FROM kept"), values(f"FROM '{path}'"), column.physical_type
    before, table, after, kind = seen[name]
    print(f"{name:15} {before} in a table {table}, from Parquet {after}, there {kind} {column.logical_type}")

exact, short = [2**53 + 1], [timedelta(microseconds=456), timedelta(microseconds=1_999)]
assert seen["sum"] == (exact, exact, [float(2**53)], "DOUBLE"), "changed: sums"
assert seen["sum as DECIMAL"][:3] == seen["sum as BIGINT"][:3] == (exact,) * 3, "changed: sums that are cast"
assert seen["difference"][:3] == (short, short, [timedelta(0), timedelta(milliseconds=1)]), "changed: differences"
assert seen["date_diff"][:3] == ([456, 1_999],) * 3, "changed: date_diff"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work/x.parquet"

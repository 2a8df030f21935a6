#!/usr/bin/env bash
# DuckDB's COPY writes a sum of integers to Parquet as a DOUBLE; the same sum through Arrow is a decimal(38, 0), exact.
#
# One would guess: the sum of a column of 64-bit integers, which SQL shows with all of its digits, stands in Parquet with
# all of them too, or COPY refuses. Parquet has decimals of 38 digits, and DuckDB uses them for DECIMAL(38, 0).
# Versions: duckdb 2.0.0, pyarrow 26.0.1.
# Seen: sum() of BIGINT or UBIGINT is a HUGEINT. Byte counters of a day summed by Service, 9,007,199,254,740,993 bytes: SELECT
# and to_arrow_table() give that number; COPY ... TO 'x.parquet' makes the column double and the number ...992, without a
# word. CREATE TABLE AS and COPY of the table do the same. sum(bytes)::DECIMAL(38, 0) keeps it. The other way has an edge of
# its own: a HUGEINT of 39 digits comes in an Arrow array of precision 38, which pyarrow's validate(full=True) calls invalid,
# and which pyarrow writes to Parquet and reads again all the same.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0 pyarrow==26.0.1

cat >"$work/look.py" <<'PYTHON'
import sys
from decimal import Decimal
from importlib.metadata import version

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

EXACT = (1 << 53) + 1
MOST = (1 << 127) - 1
folder = sys.argv[1]
print({name: version(name) for name in ("duckdb", "pyarrow")})


def copied(select):
    """Type and value of the one column, as pyarrow reads what COPY wrote."""
    duckdb.sql(f"COPY ({select}) TO '{folder}/copied.parquet'")
    table = pq.read_table(f"{folder}/copied.parquet")
    return str(table.schema.field(0).type), table.column(0)[0].as_py()


for kind in ("BIGINT", "UBIGINT"):
    flows = f"FROM (VALUES ({EXACT - 1}::{kind}), (1::{kind})) AS flows(bytes)"
    shown = duckdb.sql(f"SELECT sum(bytes), typeof(sum(bytes)) {flows}").fetchall()[0]
    arrow = duckdb.sql(f"SELECT sum(bytes) AS bytes {flows}").to_arrow_table()
    plain = copied(f"SELECT sum(bytes) AS bytes {flows}")
    cast = copied(f"SELECT sum(bytes)::DECIMAL(38, 0) AS bytes {flows}")
    print(f"{kind}: shown {shown}; Arrow {arrow.schema.field(0).type} {arrow.column(0)[0]}; COPY {plain}; with a cast {cast}")
    assert shown == (EXACT, "HUGEINT"), "changed: what is shown"
    assert (str(arrow.schema.field(0).type), arrow.column(0)[0].as_py()) == ("decimal128(38, 0)", EXACT), "changed: Arrow"
    assert plain == ("double", float(EXACT - 1)), "changed: COPY"
    assert cast == ("decimal128(38, 0)", Decimal(EXACT)), "changed: COPY of a decimal"

table = duckdb.sql(f"SELECT {MOST}::HUGEINT AS bytes").to_arrow_table()
try:
    table.validate(full=True)
    said = ""
except pa.ArrowInvalid as error:
    said = str(error)
pq.write_table(table, f"{folder}/long.parquet")
again = pq.read_table(f"{folder}/long.parquet").column(0)[0].as_py()
print(f"39 digits: {table.schema.field(0).type}; validate: {said}; through Parquet: {again}")
assert "does not fit in precision" in said, "changed: 39 digits are valid"
assert again == MOST, "changed: 39 digits through Parquet"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work"

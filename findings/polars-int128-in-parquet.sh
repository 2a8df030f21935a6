#!/usr/bin/env bash
# One 128-bit column that Polars writes takes every other column of a Parquet file from pyarrow.
#
# One would guess: a reader that lacks a type for one column still reads the others, as it may skip columns.
# Versions: polars 2.1.0, pyarrow 26.0.1, duckdb 2.0.0.
# Seen: Polars stores the column as fixed_len_byte_array(16) and tells its own type in the footer's ARROW:schema
# entry. pyarrow.parquet refuses the whole file with "Integers with more than 64 bits not implemented", already when
# it is opened and also where only another column is asked for. DuckDB passes the entry over, reads both columns, and
# gives the numbers as 16 bytes in little-endian order.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.0

"$work/venv/bin/python" - "$work/wide.parquet" <<'PYTHON'
import sys

import duckdb
import polars
import pyarrow
import pyarrow.parquet as parquet

path = sys.argv[1]
frame = polars.DataFrame({"port": [443, 53], "wide": polars.Series([1, 258], dtype=polars.Int128)})
frame.write_parquet(path)

for name, ask in {
    "open": lambda: parquet.ParquetFile(path),
    "read the other column": lambda: parquet.read_table(path, columns=["port"]),
}.items():
    try:
        ask()
    except pyarrow.ArrowNotImplementedError as error:
        assert "more than 64 bits not implemented" in str(error), error
        print(f"pyarrow {pyarrow.__version__}, {name}: {error}")
    else:
        raise SystemExit(f"changed: pyarrow {pyarrow.__version__} can {name}")

rows = duckdb.sql(f"SELECT port, wide FROM '{path}'").fetchall()
assert rows == [(443, (1).to_bytes(16, "little")), (53, (258).to_bytes(16, "little"))], rows
print(f"duckdb {duckdb.__version__}: {rows}")
PYTHON

#!/usr/bin/env bash
# In Daft a column of uint64 meets Python's integers, and columns of int64, as float64: 2**60 + 1 equals 2**60 + 100.
#
# One would guess: both sides are integers, so equality is exact (as Arrow's, Polars', DuckDB's and DataFusion's is, which
# compare them or widen both), or the two types are refused.
# Versions: daft 0.7.26, pyarrow 25.0.1 (Daft takes none from 26 on).
# Seen: of five ids next to 2**60, as hashes and connection ids are, "== one of them" keeps four; so do is_in and SQL; "!="
# keeps one, and "between" of one id four. A join of the uint64 column with the same ids as int64 gives 17 rows, not
# 5. fill_null(0) makes the column float64, where no null is needed for that, and so does adding 1. The same ids as
# int64 on both sides, and a literal cast to uint64, are exact. 2**63 and more is exact too, as such a literal is uint64
# by itself: only ids whose upper bit is unset are mixed up.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check daft==0.7.26 pyarrow==25.0.1

cat >"$work/look.py" <<'PYTHON'
import sys
from importlib.metadata import version

import daft
import pyarrow as pa
import pyarrow.parquet as pq
from daft import DataType, col, lit

path = sys.argv[1]
ids = [2**60 + step for step in (1, 2, 3, 100, 200)]
high = [number + 2**63 for number in ids]
pq.write_table(
    pa.table({"unsigned": pa.array(ids, pa.uint64()), "signed": pa.array(ids, pa.int64()), "high": pa.array(high, pa.uint64())}),
    path,
)
flows = daft.read_parquet(path)


def count(condition):
    return flows.where(condition).count_rows()


def sql(name):
    return daft.sql(f"SELECT count(*) AS n FROM flows WHERE {name} = {ids[0]}").to_pydict()["n"][0]


def asks(name):
    one = col(name)
    return [count(one == ids[0]), count(one.is_in([ids[0]])), sql(name), count(one != ids[0]), count(one.between(ids[0], ids[0]))]


seen = {
    "unsigned: ==, is_in, SQL, !=, between": asks("unsigned"),
    "signed:   ==, is_in, SQL, !=, between": asks("signed"),
    "unsigned == a literal cast to uint64": count(col("unsigned") == lit(ids[0]).cast(DataType.uint64())),
    "from 2**63 on: ==": count(col("high") == high[0]),
    "unsigned joined with signed": flows.join(flows, left_on="unsigned", right_on="signed").count_rows(),
    "signed joined with signed": flows.join(flows, left_on="signed", right_on="signed").count_rows(),
    "unsigned without nulls": str(flows.select(col("unsigned").fill_null(0)).schema()["unsigned"].dtype),
    "unsigned and one more": str(flows.select(col("unsigned") + 1).schema()["unsigned"].dtype),
}
print(f"daft {version('daft')}")
for name, value in seen.items():
    print(f"{name}: {value}")
assert list(seen.values()) == [[4, 4, 4, 1, 4], [1, 1, 1, 4, 1], 1, 1, 17, 5, "Float64", "Float64"], "changed"
PYTHON
DAFT_PROGRESS_BAR=0 DO_NOT_TRACK=true "$work/venv/bin/python" "$work/look.py" "$work/ids.parquet"

#!/usr/bin/env bash
# Spark reads the partitions shard=1d and shard=1f as one, 1.0: a "d" or "f" at the end of a folder's name is Java's for a float.
#
# One would guess: "1d" is a text, as PyArrow, DuckDB and Polars read it; in any case two folders are two values, and a filter
# for one of them finds that one's rows.
# Versions: pyspark 4.3.0, pyarrow 26.0.1, duckdb 2.0.1, polars 2.1.0. It needs Java 17 or newer.
# Seen: the type of a partition's column is guessed from the folders that are there, in the end by Java's Double.parseDouble,
# which takes 1d, 5F and 0x1p3. So of the windows 1d, 7d and 30d, or of shards of two hexadecimal digits where no folder has
# another letter than that, a column of doubles is made: 1d and 1f are one group, and shard = '1d' finds the rows of both.
# With one more folder, 1h or a0, all are text again: what one folder's key is depends on which others are there. 1e3 is
# the decimal 1000. Versions 1.3 and 1.30 are one double, and so for Polars, which reads nothing at all where there are
# folders at=12:00: it takes that for a time, and says "unsupported data type when reading CSV: time", though there is no
# CSV. PyArrow and DuckDB keep all of those as text.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check pyspark==4.3.0 pyarrow==26.0.1 duckdb==2.0.1 \
    polars==2.1.0

cat >"$work/look.py" <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

work = Path(sys.argv[1])
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
CASES = {
    "shards": ["1d", "1f", "2d"],
    "shards and one more": ["1d", "1f", "2d", "a0"],
    "windows": ["1d", "7d", "30d"],
    "windows and one more": ["1d", "7d", "30d", "1h"],
    "hash": ["1e3"],
    "versions": ["1.3", "1.30"],
    "times": ["12:00", "13:00"],
}


def of_spark(path):
    data = spark.read.parquet(path)
    return data.schema["key"].dataType.simpleString(), [row.key for row in data.groupBy("key").count().collect()]


def of_duckdb(path):
    files = f"read_parquet('{path}/*/*.parquet', hive_partitioning = true)"
    rows = duckdb.sql(f"SELECT DISTINCT typeof(key), key FROM {files}").fetchall()
    return rows[0][0], [key for _, key in rows]


def of_polars(path):
    keys = pl.scan_parquet(path, hive_partitioning=True).collect()["key"].unique()
    return str(keys.dtype), keys.to_list()


def of_pyarrow(path):
    keys = ds.dataset(path, partitioning="hive").to_table()["key"].unique()
    return str(keys.type), keys.to_pylist()


print({name: version(name) for name in ("pyspark", "pyarrow", "duckdb", "polars")})
seen = {}
for case, values in CASES.items():
    path = work / case.replace(" ", "-")
    for value in values:
        (path / f"key={value}").mkdir(parents=True)
        pq.write_table(pa.table({"bytes": [1]}), path / f"key={value}" / "flows.parquet")
    for engine in (of_spark, of_duckdb, of_polars, of_pyarrow):
        try:
            kind, keys = engine(str(path))
            seen[case, engine] = kind.lower(), sorted(str(key) for key in keys)
        except pl.exceptions.ComputeError as error:
            seen[case, engine] = "refused", [str(error)]
        print(f"{case:20} {engine.__name__:10}", *seen[case, engine])
shards = spark.read.parquet(str(work / "shards"))
found = [shards.where(f"key = '{shard}'").count() for shard in CASES["shards"]]
print("rows where shard = '1d', '1f', '2d', of one each:", found)

for case, values in CASES.items():
    for engine in (of_duckdb, of_pyarrow):
        assert seen[case, engine] == ("varchar" if engine is of_duckdb else "string", sorted(values)), f"changed: {case}"
spark_has = {case: seen[case, of_spark] for case in CASES}
polars_has = {case: seen[case, of_polars] for case in CASES}
assert spark_has == {
    "shards": ("double", ["1.0", "2.0"]),
    "shards and one more": ("string", ["1d", "1f", "2d", "a0"]),
    "windows": ("double", ["1.0", "30.0", "7.0"]),
    "windows and one more": ("string", ["1d", "1h", "30d", "7d"]),
    "hash": ("decimal(4,0)", ["1000"]),
    "versions": ("double", ["1.3"]),
    "times": ("string", ["12:00", "13:00"]),
}, "changed: Spark"
assert polars_has["shards"] == ("string", ["1d", "1f", "2d"]) and polars_has["windows"] == ("string", ["1d", "30d", "7d"])
assert polars_has["versions"] == ("float64", ["1.3"]) and polars_has["times"][0] == "refused", "changed: Polars"
assert found == [2, 2, 1], "changed: Spark's filters"
PYTHON
PYSPARK_PYTHON="$work/venv/bin/python" "$work/venv/bin/python" "$work/look.py" "$work" 2>"$work/log" || {
    tail -5 "$work/log"
    exit 1
}

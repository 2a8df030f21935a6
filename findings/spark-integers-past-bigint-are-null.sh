#!/usr/bin/env bash
# Spark's createDataFrame makes each integer of 2**63 or more null, without a word: half of all 64-bit hashes.
#
# One would guess: an integer that BIGINT cannot hold makes an error, as it does where the schema is given as "id bigint", and
# as in Spark's ANSI mode, the default, arithmetic beyond BIGINT does; or the type becomes decimal(20, 0), as it is when
# Spark reads the same numbers from Parquet or JSON. In any case not a row without its id.
# Versions: pyspark 4.3.0, pyarrow 26.0.1, pandas 2.3.3, numpy 2.4.6. It needs Java 17 or newer.
# Seen: of 1,000 ids of 64 bits, as hashes of a flow's five-tuple are, 500 are null from a pandas frame with a uint64 column, and
# from tuples, dictionaries, and lists within tuples, with the names of columns only. So it is with Arrow switched on, which
# does not know uint64 and falls back, with a warning that speaks of the type. COUNT(DISTINCT id) is 500, and a join of the
# frame with itself has 500 rows. A schema of BIGINT is an error, and one of decimal(20, 0) too, as it wants Python's
# Decimal. An Arrow table with uint64 is refused. Parquet and JSON with the same ids are read as decimal(20, 0), all 1,000.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check pyspark==4.3.0 pyarrow==26.0.1 \
    pandas==2.3.3 numpy==2.4.6

cat >"$work/look.py" <<'PYTHON'
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from pyspark.sql import SparkSession

work = Path(sys.argv[1])
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
ARROW = "spark.sql.execution.arrow.pyspark.enabled"

low = np.random.default_rng(1).integers(0, 2**63, 500, dtype=np.uint64)
ids = np.concatenate([low, low + np.uint64(2**63)])
plain = ids.tolist()
frame, table = pd.DataFrame({"id": ids}), pa.table({"id": ids})
pq.write_table(table, work / "ids.parquet")
(work / "ids.json").write_text("".join(json.dumps({"id": value}) + "\n" for value in plain))


def make(data, schema=None, accelerated="false"):
    spark.conf.set(ARROW, accelerated)
    return spark.createDataFrame(data, schema)


ways = {
    "pandas": lambda: make(frame),
    "pandas, Arrow": lambda: make(frame, accelerated="true"),
    "tuples": lambda: make([(value,) for value in plain], ["id"]),
    "dictionaries": lambda: make([{"id": value} for value in plain]),
    "lists": lambda: make([([value],) for value in plain], ["ids"]).selectExpr("ids[0] AS id"),
    "tuples, bigint": lambda: make([(value,) for value in plain], "id bigint"),
    "tuples, decimal": lambda: make([(value,) for value in plain], "id decimal(20, 0)"),
    "pandas, bigint": lambda: make(frame, "id bigint"),
    "Arrow table": lambda: make(table),
    "Parquet": lambda: spark.read.parquet(str(work / "ids.parquet")),
    "JSON": lambda: spark.read.json(str(work / "ids.json")),
}
print("pyspark", pyspark.__version__, "ANSI mode", spark.conf.get("spark.sql.ansi.enabled"))
seen = {}
for name, way in ways.items():
    try:
        flows = way()
        rows, there, distinct = flows.selectExpr("count(*)", "count(id)", "count(DISTINCT id)").first()
        joined = flows.join(flows, "id").count()
        seen[name] = flows.schema["id"].dataType.simpleString(), rows, there, distinct, joined
    except Exception as error:
        seen[name] = "refused"
        print(f"{name:16}", str(error).strip().splitlines()[0][:110])
    print(f"{name:16}", seen[name])
exact = {value for (value,) in make(frame).collect()} - {None} == set(low.tolist())
print("what is left are the ids below 2**63:", exact)

half, whole = ("bigint", 1_000, 500, 500, 500), ("decimal(20,0)", 1_000, 1_000, 1_000, 1_000)
refused = ("tuples, bigint", "tuples, decimal", "pandas, bigint", "Arrow table")
assert seen == {
    name: "refused" if name in refused else whole if name in ("Parquet", "JSON") else half for name in ways
}, "changed"
assert exact, "changed: what is left"
PYTHON
PYSPARK_PYTHON="$work/venv/bin/python" "$work/venv/bin/python" "$work/look.py" "$work" 2>"$work/log" || {
    tail -5 "$work/log"
    exit 1
}

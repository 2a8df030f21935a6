#!/usr/bin/env bash
# Spark's mapInArrow takes columns by position, where mapInPandas and applyInArrow go by name: flows turn around in silence.
#
# One would guess: a batch with the columns dst and src, under the schema "src string, dst string", is matched by name, as
# mapInPandas, applyInPandas and applyInArrow do; or is refused, as createDataFrame of an Arrow table refuses it.
# Versions: pyspark 4.3.0, pyarrow 26.0.1, pandas 2.3.3. It needs Java 17 or newer.
# Seen: mapInArrow looks at types and their order only. Where these fit, batches whose names are in another order, or are other
# names altogether, become rows with the columns exchanged, and nothing is said; and so do the fields of a struct.
# createDataFrame of a pandas frame with a schema as a text goes by position too, without and with Arrow. So what is
# right with mapInPandas exchanges source and destination of each flow once it is moved to mapInArrow for its speed. Such
# an order comes by itself: Table.from_pylist has that of the first record's keys.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check pyspark==4.3.0 pyarrow==26.0.1 pandas==2.3.3

cat >"$work/look.py" <<'PYTHON'
import pyarrow as pa
import pyspark
from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
SCHEMA = "src string, dst string"
flows = spark.createDataFrame([("10.0.0.1", "10.0.0.2")], SCHEMA)


def turned(table):
    return table.select(["dst", "src"])


def arrow(batches):
    for batch in batches:
        yield turned(batch)


def renamed(batches):
    for batch in batches:
        yield batch.rename_columns(["reply_to", "sent_to"])


def pandas(frames):
    for frame in frames:
        yield frame[["dst", "src"]]


def nested(batches):
    for batch in batches:
        ends = pa.StructArray.from_arrays([batch["dst"], batch["src"]], ["dst", "src"])
        yield pa.RecordBatch.from_arrays([ends], ["ends"])


def by_table(accelerated, data):
    spark.conf.set("spark.sql.execution.arrow.pyspark.enabled", accelerated)
    return spark.createDataFrame(data, SCHEMA)


table = pa.table({"dst": ["10.0.0.2"], "src": ["10.0.0.1"]})
ways = {
    "mapInPandas": lambda: flows.mapInPandas(pandas, SCHEMA),
    "applyInPandas": lambda: flows.groupBy("src").applyInPandas(lambda frame: frame[["dst", "src"]], SCHEMA),
    "applyInArrow": lambda: flows.groupBy("src").applyInArrow(turned, SCHEMA),
    "mapInArrow": lambda: flows.mapInArrow(arrow, SCHEMA),
    "mapInArrow, other names": lambda: flows.mapInArrow(renamed, SCHEMA),
    "mapInArrow, in a struct": lambda: flows.mapInArrow(nested, "ends struct<src: string, dst: string>").select("ends.*"),
    "createDataFrame of pandas": lambda: by_table("false", table.to_pandas()),
    "createDataFrame of pandas, Arrow": lambda: by_table("true", table.to_pandas()),
    "createDataFrame of Arrow": lambda: by_table("true", table),
}
print("pyspark", pyspark.__version__, "pyarrow", pa.__version__)
seen = {}
for name, way in ways.items():
    try:
        seen[name] = " -> ".join(way().select("src", "dst").first())
    except Exception as error:
        seen[name] = "refused"
        print(f"{name:34}", str(error).splitlines()[0][:120])
    print(f"{name:34}", seen[name])

RIGHT, TURNED = "10.0.0.1 -> 10.0.0.2", "10.0.0.2 -> 10.0.0.1"
assert seen == {
    "mapInPandas": RIGHT,
    "applyInPandas": RIGHT,
    "applyInArrow": RIGHT,
    "mapInArrow": TURNED,
    "mapInArrow, other names": RIGHT,
    "mapInArrow, in a struct": TURNED,
    "createDataFrame of pandas": TURNED,
    "createDataFrame of pandas, Arrow": TURNED,
    "createDataFrame of Arrow": "refused",
}, "changed"
PYTHON
PYSPARK_PYTHON="$work/venv/bin/python" "$work/venv/bin/python" "$work/look.py" 2>"$work/log" || { tail -5 "$work/log"; exit 1; }

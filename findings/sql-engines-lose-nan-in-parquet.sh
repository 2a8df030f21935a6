#!/usr/bin/env bash
# DuckDB, DataFusion and Daft hold NaN for the greatest number, but find it in a Parquet file with ">= 3" and not with "> 3".
#
# One would guess: the format leaves NaN out of minimum and maximum, so an engine where NaN is greater than all numbers
# does not take a maximum for a proof that nothing is greater; in any case, the answer does not depend on whether a file
# has statistics.
# Versions: duckdb 2.0.1, datafusion 55.0.0, daft 0.7.26, pyarrow 25.0.1 (Daft takes none from 26 on).
# Seen: of 1, 2, NaN and 3 all three give 2 rows for ">= 3", 1 for "= 3" and 1 for "> 3" in memory, and in a file without
# statistics. In a file with them it is 2, 1 and 0, and max() is 3 for DuckDB and DataFusion, not NaN. DuckDB also keeps
# the NaN where "<= 3" holds of the maximum, and finds none by isnan(): so it counts it in "<= 3" and in ">= 3", and in
# neither "> 3" nor isnan(). Daft finds it by "= NaN", DataFusion does not. Polars, where NaN is the greatest too, answers
# alike in all cases. DuckDB itself writes no minimum and maximum of a column with NaN, so that this shows in files of
# others only; those of DataFusion and Daft have them.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    duckdb==2.0.1 datafusion==55.0.0 daft==0.7.26 polars==2.1.0 pyarrow==25.0.1

cat >"$work/look.py" <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import daft
import datafusion
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

work = Path(sys.argv[1])
rows = pa.table({"rtt": [1.0, 2.0, float("nan"), 3.0]})
files = {"with statistics": work / "with.parquet", "without statistics": work / "without.parquet"}
for name, path in files.items():
    pq.write_table(rows, path, write_statistics=name == "with statistics")

NAN = "CAST('NaN' AS DOUBLE)"
ASKED = {
    "<= 3": "SELECT count(*) AS n FROM {} WHERE rtt <= 3",
    ">= 3": "SELECT count(*) AS n FROM {} WHERE rtt >= 3",
    "= 3": "SELECT count(*) AS n FROM {} WHERE rtt = 3",
    "> 3": "SELECT count(*) AS n FROM {} WHERE rtt > 3",
    "= NaN": f"SELECT count(*) AS n FROM {{}} WHERE rtt = {NAN}",
    "isnan": "SELECT count(*) AS n FROM {} WHERE isnan(rtt)",
    "max": "SELECT max(rtt) AS n FROM {}",
}


def of_duckdb(query, path):
    connection = duckdb.connect()
    connection.register("flows", rows)
    return connection.execute(query.format(f"'{path}'" if path else "flows")).fetchall()[0][0]


def of_datafusion(query, path):
    session = datafusion.SessionContext()
    session.register_parquet("flows", str(path)) if path else session.from_arrow(rows, name="flows")
    return session.sql(query.format("flows")).to_pydict()["n"][0]


def of_daft(query, path):
    flows = daft.read_parquet(str(path)) if path else daft.from_arrow(rows)
    if "isnan" in query:
        return flows.where(daft.col("rtt").is_nan()).count_rows()
    return daft.sql(query.format("flows"), flows=flows).to_pydict()["n"][0]


def of_polars(query, path):
    flows = pl.scan_parquet(path) if path else pl.from_arrow(rows).lazy()
    if "isnan" in query:
        return flows.filter(pl.col("rtt").is_nan()).collect().height
    if "max" in query:
        return flows.select(pl.col("rtt").sort().last()).collect().item()
    if "NaN" in query:
        return flows.filter(pl.col("rtt") == float("nan")).collect().height
    return pl.SQLContext(flows=flows).execute(query.format("flows")).collect().item()


engines = {"duckdb": of_duckdb, "datafusion": of_datafusion, "daft": of_daft, "polars": of_polars}
seen = {}
for name, ask in engines.items():
    print(f"{name} {version(name)}", *ASKED, sep="  ")
    for where, path in {"in memory": None, **files}.items():
        seen[name, where] = [str(ask(query, path)) for query in ASKED.values()]
        print(f"  {where:20}", *seen[name, where])

right = "3 2 1 1 1 1 nan".split()
for (name, where), answers in seen.items():
    if where != "with statistics" or name == "polars":
        assert answers == right, f"changed: {name} {where}"
assert seen["duckdb", "with statistics"] == "4 2 1 0 0 0 3.0".split(), "changed: DuckDB"
assert seen["datafusion", "with statistics"] == "3 2 1 0 0 1 3.0".split(), "changed: DataFusion"
assert seen["daft", "with statistics"] == "3 2 1 0 1 1 nan".split(), "changed: Daft"
PYTHON
DAFT_PROGRESS_BAR=0 DO_NOT_TRACK=true "$work/venv/bin/python" "$work/look.py" "$work"

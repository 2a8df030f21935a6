#!/usr/bin/env bash
# In Polars a time of nanoseconds meets one of milliseconds in milliseconds: 0.9 ms later is not later, and takes 0 ms.
#
# One would guess: two columns of times are compared and subtracted in the finer unit, or exactly, as integers of two sizes are
# in the wider one; or are refused, as a join by such two keys and concat are.
# Versions: polars 2.1.0, duckdb 2.0.1, datafusion 55.0.0, pandas 3.1.1, pyarrow 26.0.1. Polars' issue 22435 has it for concat.
# Seen: flows have nanoseconds, as Hubble's do, and Pods' starts and another log's requests have milliseconds. Of 1,000 flows that
# come within the millisecond after the start of their Pod none is later than it, and all are at the very time, by ">", "=="
# and is_between; the time from request to flow is 0 ms for each, where its mean is 0.5 ms; coalesce, when, fill_null and
# max_horizontal of the two have lost what is below the millisecond, also where all values are of the finer column, and
# so has concat(how="vertical_relaxed"). join_where finds none. SQLContext does the same. With a datetime of Python the
# flows are compared in its microseconds, so that all but the first are later. DuckDB, DataFusion, pandas and PyArrow
# keep the finer unit.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 duckdb==2.0.1 datafusion==55.0.0 pandas==3.1.1 \
    pyarrow==26.0.1

cat >"$work/look.py" <<'PYTHON'
from datetime import datetime
from importlib.metadata import version

import datafusion
import duckdb
import polars as pl
import pyarrow.compute as pc

START = datetime(2026, 3, 10, 12)
COUNT = 1_000
later = [1_000 * step + 500 for step in range(COUNT)]  # nanoseconds after the start: 500 to 999,500
frame = pl.DataFrame({"later": later}).select(
    flow=pl.lit(START).cast(pl.Datetime("ns")) + pl.duration(nanoseconds="later", time_unit="ns"),
    start=pl.lit(START).cast(pl.Datetime("ms")),
)
assert frame.schema == {"flow": pl.Datetime("ns"), "start": pl.Datetime("ms")}, "changed: the types"
flow, start = pl.col("flow"), pl.col("start")

print({name: version(name) for name in ("polars", "duckdb", "datafusion", "pandas", "pyarrow")})
held = {
    "flow > start": frame.filter(flow > start).height,
    "flow == start": frame.filter(flow == start).height,
    "flow.is_between(start, start)": frame.filter(flow.is_between(start, start)).height,
    "SQLContext": pl.SQLContext(flows=frame).execute("SELECT * FROM flows WHERE flow > start", eager=True).height,
    "join_where": frame.select("flow").join_where(frame.select("start").head(1), flow > start).height,
    "streaming": frame.lazy().filter(flow > start).collect(engine="streaming").height,
    "flow > datetime": frame.filter(flow > START).height,
}
mixed = {
    "flow - start": flow - start,
    "coalesce": pl.coalesce(flow, start),
    "when": pl.when(pl.lit(True)).then(flow).otherwise(start),
    "fill_null": flow.fill_null(start),
    "max_horizontal": pl.max_horizontal(flow, start),
}
lost = {name: frame.select(x=what)["x"] for name, what in mixed.items()}
parts = [frame.select("flow"), frame.select(flow="start")]
lost["concat"] = pl.concat(parts, how="vertical_relaxed")["flow"].head(COUNT)
for name, count in held.items():
    print(f"Polars {name:30} {count:5} of {COUNT}")
for name, values in lost.items():
    print(f"Polars {name:30} {values.dtype}, different values: {values.n_unique()}")
try:
    pl.concat(parts)
except pl.exceptions.SchemaError:
    print("Polars concat refuses")
else:
    raise AssertionError("changed: concat")

table, panda = frame.to_arrow(), frame.to_pandas()
context = datafusion.SessionContext()
context.from_arrow(table, "flows")
query = "SELECT count(*) AS n, count(DISTINCT coalesce(flow, start)) AS kept FROM {} WHERE flow > start"
others = {
    "duckdb": duckdb.sql(query.format("panda")).fetchall()[0],
    "datafusion": tuple(value for (value,) in context.sql(query.format("flows")).to_pydict().values()),
    "pandas": (int((panda["flow"] > panda["start"]).sum()), (panda["flow"] - panda["start"]).nunique()),
    "pyarrow": (
        pc.sum(pc.greater(table["flow"], table["start"])).as_py(),
        len(pc.subtract(table["flow"], table["start"]).unique()),
    ),
}
print("later, and different values:", others)

none = {name: 0 for name in held} | {"flow == start": COUNT, "flow.is_between(start, start)": COUNT, "flow > datetime": COUNT - 1}
assert held == none, "changed: comparisons"
assert all(values.n_unique() == 1 and values.dtype.time_unit == "ms" for values in lost.values()), "changed: what is lost"
assert all(counts == (COUNT, COUNT) for counts in others.values()), "changed: the others"
PYTHON
"$work/venv/bin/python" "$work/look.py"

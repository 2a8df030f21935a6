#!/usr/bin/env bash
# max() and min() of a group, in DataFusion and Daft, are those of the rows after the group's last NaN: 2 of 5, NaN, 1, 2.
#
# One would guess: max() with NaN among the numbers is NaN, as these two have it without GROUP BY, or the greatest
# number; it does not depend on the order of rows, and min() is 1 in any case.
# Versions: datafusion 55.0.0, daft 0.7.26, duckdb 2.0.1, polars 2.1.0, pyarrow 25.0.1 (Daft takes none from 26 on).
# Seen: each NaN takes the place of what the group had so far, and the next number takes the place of NaN. So 5, NaN, 1, 2
# have the maximum 2, and 1, NaN, 3 the minimum 3; a group that ends in NaN has NaN for both. Without GROUP BY, and in
# a window of DataFusion over the same rows, max() is NaN and min() the least number, in any order. DuckDB says NaN and
# the least, PyArrow and Polars the greatest and the least number, with and without groups.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    datafusion==55.0.0 daft==0.7.26 duckdb==2.0.1 polars==2.1.0 pyarrow==25.0.1

cat >"$work/look.py" <<'PYTHON'
from importlib.metadata import version

import daft
import datafusion
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

nan = float("nan")
ORDERS = [[5.0, nan, 1.0, 2.0], [1.0, nan, 3.0], [3.0, 1.0, nan], [nan, 1.0, 3.0]]
ALL = "SELECT max(rtt) AS a, min(rtt) AS b FROM flows"
GROUPED = ALL + " GROUP BY port"
WINDOW = "SELECT max(rtt) OVER (PARTITION BY port) AS a, min(rtt) OVER (PARTITION BY port) AS b FROM flows"


def of_datafusion(rows, query):
    session = datafusion.SessionContext()
    session.from_arrow(rows, name="flows")
    return session.sql(query).to_pydict()


def of_daft(rows, query):
    return daft.sql(query, flows=daft.from_arrow(rows)).to_pydict()


def of_duckdb(rows, query):
    connection = duckdb.connect()
    connection.register("flows", rows)
    return dict(zip("ab", zip(*connection.execute(query).fetchall(), strict=True), strict=True))


def of_polars(rows, query):
    how = [pl.max("rtt").alias("a"), pl.min("rtt").alias("b")]
    frame = pl.from_arrow(rows)
    return (frame.group_by("port").agg(how) if "GROUP" in query else frame.select(how)).to_dict(as_series=False)


def of_pyarrow(rows, query):
    if "GROUP" not in query:
        both = pc.min_max(rows["rtt"]).as_py()
        return {"a": [both["max"]], "b": [both["min"]]}
    both = rows.group_by("port").aggregate([("rtt", "max"), ("rtt", "min")])
    return {"a": both["rtt_max"].to_pylist(), "b": both["rtt_min"].to_pylist()}


seen = {}
for name, ask in {
    "datafusion": of_datafusion,
    "daft": of_daft,
    "duckdb": of_duckdb,
    "polars": of_polars,
    "pyarrow": of_pyarrow,
}.items():
    print(name, version(name))
    for order in ORDERS:
        rows = pa.table({"port": [443] * len(order), "rtt": order})
        queries = {"all": ALL, "grouped": GROUPED} | ({"window": WINDOW} if name == "datafusion" else {})
        for kind, query in queries.items():
            answer = ask(rows, query)
            seen.setdefault((name, kind), []).append(f"{answer['a'][0]} {answer['b'][0]}")
        print("  max and min of", *order, "-", *(f"{kind}: {seen[name, kind][-1]};" for kind in queries))

for name in ("datafusion", "daft"):
    assert seen[name, "grouped"] == ["2.0 1.0", "3.0 3.0", "nan nan", "3.0 1.0"], f"changed: groups of {name}"
    assert seen[name, "all"] == ["nan 1.0"] * 4, f"changed: {name}"
assert seen["datafusion", "window"] == ["nan 1.0"] * 4, "changed: windows"
assert seen["duckdb", "all"] == seen["duckdb", "grouped"] == ["nan 1.0"] * 4, "changed: duckdb"
for name in ("polars", "pyarrow"):
    assert seen[name, "all"] == seen[name, "grouped"] == ["5.0 1.0"] + ["3.0 1.0"] * 3, f"changed: {name}"
PYTHON
DAFT_PROGRESS_BAR=0 DO_NOT_TRACK=true "$work/venv/bin/python" "$work/look.py"

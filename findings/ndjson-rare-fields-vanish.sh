#!/usr/bin/env bash
# DuckDB, Polars and DataFusion leave out of JSON lines, without a word, the fields of later records: as why one was dropped.
#
# One would guess: a field of a file is there, or its reading fails as it does where a later record has a text for a number;
# sampled types are a guess that the rest of the file is held against.
# Versions: duckdb 2.0.1, polars 2.1.0, datafusion 55.0.0, pyarrow 26.0.1, pandas 3.1.1.
# Seen: of 60,000 flows in the form of Hubble's two were dropped, the 30,000th and the 50,000th, and these have drop_reason_desc.
# DuckDB and Polars take the fields of a sample at the beginning, of 20,480 and of 100 records by default, and so does
# DataFusion; what other fields there are is passed over: the two are there as DROPPED, without a reason. Where one
# dropped flow is among the first by chance, the reasons of all are there. A later "http" where ports were numbers is no
# such thing: that fails in all three. sample_size = -1 and infer_schema_length=None find the field; PyArrow, which reads by
# blocks, and pandas have it in any case.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 datafusion==55.0.0 pyarrow==26.0.1 \
    pandas==3.1.1

cat >"$work/look.py" <<'PYTHON'
import json
import sys
from importlib.metadata import version
from pathlib import Path

import datafusion
import duckdb
import pandas as pd
import polars as pl
import pyarrow.json

work = Path(sys.argv[1])
COUNT = 60_000


def write(name, dropped, text=()):
    lines = []
    for number in range(COUNT):
        flow = {"verdict": "FORWARDED", "port": "http" if number in text else number % 1_000}
        if number in dropped:
            flow |= {"verdict": "DROPPED", "drop_reason_desc": "POLICY_DENIED"}
        lines.append(json.dumps({"flow": flow, "node_name": "node-1"}))
    (work / name).write_text("\n".join(lines) + "\n")
    return str(work / name)


def names(kind):
    return [name for name, _ in kind.children]


def of_duckdb(path, how=""):
    table = f"read_json('{path}'{how})"
    kind = duckdb.sql(f"SELECT flow FROM {table}").types[0]
    return names(kind), len(duckdb.sql(f"SELECT flow FROM {table} WHERE flow.verdict = 'DROPPED'").fetchall())


def of_polars(path, **how):
    flows = pl.scan_ndjson(path, **how).collect()["flow"].struct.unnest()
    return flows.columns, flows.filter(pl.col("verdict") == "DROPPED").height


def of_datafusion(path):
    context = datafusion.SessionContext()
    context.register_json("flows", path, file_extension=".json")
    flow = context.table("flows").schema().field("flow").type
    found = context.sql("SELECT count(*) AS n FROM flows WHERE flow['verdict'] = 'DROPPED'").to_pydict()["n"][0]
    return [field.name for field in flow], found


def of_pyarrow(path):
    flows = pyarrow.json.read_json(path)["flow"].combine_chunks()
    return [field.name for field in flows.type], flows.field("verdict").to_pylist().count("DROPPED")


def of_pandas(path):
    flows = pd.json_normalize(pd.read_json(path, lines=True)["flow"])
    return list(flows.columns), int((flows["verdict"] == "DROPPED").sum())


print({name: version(name) for name in ("duckdb", "polars", "datafusion", "pyarrow", "pandas")})
late, early = write("late.json", {30_000, 50_000}), write("early.json", {50, 50_000})
WAYS = {
    "duckdb": of_duckdb,
    "duckdb, all": lambda path: of_duckdb(path, ", sample_size = -1"),
    "polars": of_polars,
    "polars, all": lambda path: of_polars(path, infer_schema_length=None),
    "datafusion": of_datafusion,
    "pyarrow": of_pyarrow,
    "pandas": of_pandas,
}
for name, way in WAYS.items():
    (fields, found), (fields_early, found_early) = way(late), way(early)
    has, has_early = "drop_reason_desc" in fields, "drop_reason_desc" in fields_early
    print(f"{name:12} late: {found} dropped, the reason is {'there' if has else 'gone'}; early: {found_early}, there: {has_early}")
    assert found == found_early == 2 and has_early, f"changed: {name}"
    assert has == (name not in ("duckdb", "polars", "datafusion")), f"changed: {name}"

text = write("text.json", (), text={30_000})
for name in ("duckdb", "polars", "datafusion"):
    try:
        WAYS[name](text)
    except Exception as error:
        print(f"{name:12} text for a number: {type(error).__name__}: {str(error).splitlines()[0][:60]} ...")
    else:
        raise AssertionError(f"changed: {name} takes a text for a number")
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work"

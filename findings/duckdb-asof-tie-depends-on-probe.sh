#!/usr/bin/env bash
# DuckDB's ASOF JOIN takes the first of rows with one time for up to 63 rows asked, and the last of them from 64 on.
#
# One would guess: of several rows with the greatest time that is not later any may be taken, but the same one for the
# same question, whatever else is asked with it; or the last, as pandas and Polars do.
# Versions: duckdb 2.0.1, polars 2.1.0, pandas 3.1.1, pyarrow 26.0.1.
# Seen: an address had one pod from second 0 on, and two from second 10 on: one that failed at once and the one after it.
# Flows at second 12 are joined with the pods. Where there are less flows than asof_loop_join_threshold, 64 by default,
# each goes to the failed pod, else to the one after it: two ways to join, of which one keeps the first of equals and
# the other the last. So the few flows that someone looks into are told of another pod than the day they are from.
# With the threshold at 0 few flows have the last too. The number of threads does not matter.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1

cat >"$work/look.py" <<'PYTHON'
from collections import Counter
from importlib.metadata import version

import duckdb
import pandas as pd
import polars as pl

PODS = {"address": ["10.0.0.1"] * 3, "since": [0, 10, 10], "pod": ["before", "failed", "after"]}
ASK = "SELECT pod FROM flows ASOF JOIN pods ON flows.address = pods.address AND flows.at >= pods.since"


def flows(count):
    return {"address": ["10.0.0.1"] * count, "at": [12] * count}


def of_duckdb(count, *settings):
    connection = duckdb.connect()
    for setting in settings:
        connection.execute(f"SET {setting}")
    connection.register("pods", pl.DataFrame(PODS).to_arrow())
    connection.register("flows", pl.DataFrame(flows(count)).to_arrow())
    return dict(Counter(pod for (pod,) in connection.execute(ASK).fetchall()))


def of_polars(count):
    keys = {"left_on": "at", "right_on": "since", "by": "address", "check_sortedness": False}
    return dict(Counter(pl.DataFrame(flows(count)).join_asof(pl.DataFrame(PODS), **keys)["pod"]))


def of_pandas(count):
    keys = {"left_on": "at", "right_on": "since", "by": "address"}
    return dict(Counter(pd.merge_asof(pd.DataFrame(flows(count)), pd.DataFrame(PODS), **keys)["pod"]))


print({name: version(name) for name in ("duckdb", "polars", "pandas")})
for count in (1, 63, 64, 100_000):
    first, last = {"failed": count}, {"after": count}
    seen = of_duckdb(count), of_duckdb(count, "threads = 1"), of_duckdb(count, "asof_loop_join_threshold = 0")
    others = of_polars(count), of_pandas(count)
    print(f"{count} flows: DuckDB {seen[0]}, one thread {seen[1]}, threshold 0 {seen[2]}; Polars {others[0]}, pandas {others[1]}")
    expected = first if count < 64 else last
    assert seen == (expected, expected, last), "changed: DuckDB"
    assert others == (last, last), "changed: the others"
PYTHON
"$work/venv/bin/python" "$work/look.py"

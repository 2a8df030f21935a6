#!/usr/bin/env bash
# table.delete(f) of PyIceberg deletes rows that table.scan(f) does not give, and leaves rows that it gives.
#
# One would guess: what a filter finds is what deleting by it deletes, as in SQL; a row of which the filter is unknown (a
# null or NaN) is neither found nor deleted, however rows are laid into files.
# Versions: pyiceberg 0.12.0 (tables in SQLite and local files), pyarrow 26.0.1.
# Seen: the rows are the same in all cases, once in one data file and once in two. "rtt <= 3" finds three rows, and deletes
# a row of NaN with them where the file's maximum is 3: statistics, which leave NaN out, are taken to say that all rows
# match, and the file is dropped unread. In a file with 9.0 too the NaN stays. "verdict != 'DROPPED'" does so to a null
# where the file's minimum and maximum leave DROPPED out; else the null stays. And "bytes > 100 or verdict == 'DROPPED'"
# finds a large row without a verdict and a dropped one without bytes, but where the file is read it deletes neither: a
# null in any column of the filter keeps the row. overwrite() with such a filter deletes the same rows as delete().
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'pyiceberg[sql-sqlite]==0.12.0' pyarrow==26.0.1

cat >"$work/look.py" <<'PYTHON'
import itertools
import sys
import warnings
from importlib.metadata import version

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

warnings.simplefilter("ignore")
work = sys.argv[1]
catalog = SqlCatalog("local", uri=f"sqlite:///{work}/catalog.db", warehouse=f"file://{work}/tables")
catalog.create_namespace("flows")
number = itertools.count()

nan = float("nan")
low = pa.table(
    {
        "id": [1, 2, 3, 4],
        "rtt": [1.0, 2.0, nan, 3.0],
        "verdict": ["FORWARDED", None, "REDIRECTED", "FORWARDED"],
        "bytes": pa.array([40, 900, 60, 80], pa.int64()),
    }
)
high = pa.table({"id": [5, 6], "rtt": [9.0, 9.0], "verdict": ["DROPPED", "DROPPED"], "bytes": pa.array([None, 50], pa.int64())})


def look(condition, *files, way="delete"):
    table = catalog.create_table(f"flows.t{next(number)}", schema=low.schema)
    for rows in files:
        table.append(rows)
    before = set(table.scan().to_arrow()["id"].to_pylist())
    found = table.scan(row_filter=condition)
    ids = set(found.to_arrow()["id"].to_pylist())
    assert found.count() == len(ids), "changed: count"
    if way == "delete":
        table.delete(condition)
    else:
        table.overwrite(low.slice(0, 0), overwrite_filter=condition)
    return sorted(ids), sorted(before - set(table.scan().to_arrow()["id"].to_pylist()))


print(f"pyiceberg {version('pyiceberg')}")
seen = {}
for condition in ("rtt <= 3", "verdict != 'DROPPED'", "bytes > 100 or verdict == 'DROPPED'"):
    for name, files in {"one file": [pa.concat_tables([low, high])], "two files": [low, high]}.items():
        seen[condition, name] = look(condition, *files)
        print(f"{condition:36} {name:10} found {seen[condition, name][0]}, deleted {seen[condition, name][1]}")
    assert look(condition, low, high, way="overwrite") == seen[condition, "two files"], "changed: overwrite"
assert seen == {
    ("rtt <= 3", "one file"): ([1, 2, 4], [1, 2, 4]),
    ("rtt <= 3", "two files"): ([1, 2, 4], [1, 2, 3, 4]),
    ("verdict != 'DROPPED'", "one file"): ([1, 3, 4], [1, 3, 4]),
    ("verdict != 'DROPPED'", "two files"): ([1, 3, 4], [1, 2, 3, 4]),
    ("bytes > 100 or verdict == 'DROPPED'", "one file"): ([2, 5, 6], [6]),
    ("bytes > 100 or verdict == 'DROPPED'", "two files"): ([2, 5, 6], [5, 6]),
}, "changed"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work"

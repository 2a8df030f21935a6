#!/usr/bin/env bash
# Dataset.count_rows counts rows of NaN that the same filter leaves out of Dataset.to_table.
#
# One would guess: count_rows(filter=f) is a faster way to to_table(filter=f).num_rows, as its documentation says ("count
# rows matching the scanner filter"), and statistics only tell what need not be read.
# Versions: pyarrow 26.0.1, numpy 2.4.6.
# Seen: a column holds 1.0, 2.0, NaN and 3.0 (a round trip that was not measured is NaN). "at most 3" leaves 3 of each 4
# rows in a table, in batches, in head() and in count_rows() of a table in memory, but all 4 in count_rows() of the
# Parquet file. The format keeps NaN out of minimum and maximum; to count, pyarrow takes a row group whose minimum and
# maximum both match for one where every row does, and does not read it. It does so for each file of a dataset by
# itself, and only where minimum and maximum settle all row groups of the file: here one file of two has another row
# group, of 2.0 and 30.0, and its NaN are not counted. So the count is right for neither meaning of NaN, and changes
# with how rows are laid into files. A file without statistics is counted as it is read. Nulls are counted right.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.6

cat >"$work/look.py" <<'PYTHON'
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

work = Path(sys.argv[1])
ROWS = 1_000
common = np.tile([1.0, 2.0, np.nan, 3.0], ROWS // 4)
AT_MOST = ds.field("rtt") <= 3.0


def lay(name, *groups, missing=False, **how):
    (work / name).mkdir()
    for number, files in enumerate(groups):
        table = pa.table({"rtt": pa.array(np.concatenate(files), from_pandas=missing)})
        pq.write_table(table, work / name / f"{number}.parquet", row_group_size=ROWS, **how)
    return ds.dataset(work / name)


def ways(data):
    return {
        "count_rows": data.count_rows(filter=AT_MOST),
        "to_table": data.to_table(filter=AT_MOST).num_rows,
        "to_batches": sum(batch.num_rows for batch in data.to_batches(filter=AT_MOST)),
        "head": data.head(10 * ROWS, filter=AT_MOST).num_rows,
    }


late = np.tile([2.0, 30.0], ROWS // 2)
cases = {
    "one file": lay("one", [common]),
    "two files": lay("two", [common], [common, late]),
    "no statistics": lay("bare", [common], write_statistics=False),
    "null for NaN": lay("null", [common], missing=True),
    "in memory": ds.dataset(pa.table({"rtt": common})),
}
seen = {name: ways(data) for name, data in cases.items()}
print(f"pyarrow {pa.__version__}")
for name, counts in seen.items():
    print(f"{name:14}", *(f"{way}={count}" for way, count in counts.items()))


def alike(count, read):
    return {"count_rows": count, "to_table": read, "to_batches": read, "head": read}


assert seen == {
    "one file": alike(1_000, 750),
    "two files": alike(2_250, 2_000),
    "no statistics": alike(750, 750),
    "null for NaN": alike(750, 750),
    "in memory": alike(750, 750),
}, "changed"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work"

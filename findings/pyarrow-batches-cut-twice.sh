#!/usr/bin/env bash
# ParquetFile.iter_batches yields short batches in the middle of a file: at the ends of row groups, and again where a full
# batch would have ended had there been no row group's end.
#
# One would guess, by the documentation of batch_size ("batches may be smaller if there aren't enough rows in the file"),
# that only the last batch is short; or else that each row group begins a batch of full size, so that batches of two
# row groups of one size have the same sizes.
# Versions: pyarrow 26.0.1, numpy 2.4.6.
# Seen: of row groups of 1,000 rows and batch_size 300, a column that is read as a dictionary comes in batches of 300, 300,
# 300, 100, 200, 300, 300, 200, 100, ...: the count to the next full batch goes on across the row group's end, though the
# batch itself is cut there. Without such a column all batches have 300 rows. So one column of text that is kept as a
# dictionary changes how all columns are cut; a reader that wants whole batches of each row group must ask for one row
# group at a time.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.6

cat >"$work/look.py" <<'PYTHON'
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

path = sys.argv[1]
numbers = np.arange(3_000)
table = pa.table({"port": numbers, "address": pa.array(np.char.add("10.0.0.", (numbers % 7).astype(str)))})
pq.write_table(table, path, row_group_size=1_000)


def sizes(**how):
    file = pq.ParquetFile(path, **how)
    return [batch.num_rows for batch in file.iter_batches(300)]


plain, kept = sizes(), sizes(read_dictionary=["address"])
one_by_one = [
    batch.num_rows
    for group in range(3)
    for batch in pq.ParquetFile(path, read_dictionary=["address"]).iter_batches(300, row_groups=[group])
]
print(f"pyarrow {pa.__version__}")
print("plain:            ", *plain)
print("as a dictionary:  ", *kept)
print("a group at a time:", *one_by_one)
assert plain == [300] * 10, "changed: plain columns"
assert kept == [300, 300, 300, 100, 200, 300, 300, 200, 100, 300, 300, 300], "changed: dictionaries"
assert one_by_one == [300, 300, 300, 100] * 3, "changed: a group at a time"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work/x.parquet"

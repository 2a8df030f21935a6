#!/usr/bin/env bash
# The first array that pyarrow makes of a Python list imports pandas, where that is installed, though nothing asks for it.
#
# One would guess: a program that never says pandas does not load it, and pyarrow looks at sys.modules to tell whether a
# value may be a pandas object, as it can only be one if pandas is there already. And that what has no Python list in
# it, as reading a Parquet file and computing with it, is no other case.
# Versions: pyarrow 26.0.1, pandas 3.1.1, numpy 2.4.6.
# Seen: importing pyarrow, pyarrow.compute and pyarrow.parquet, writing and opening a file, reading it and counting its values loads
# no pandas; pyarrow.array([1]) does, and with it several hundred modules, which takes longer than importing pyarrow did.
# A process that starts often, as a command line or a worker does, pays for it each time. pyarrow.array of a NumPy array
# does so too, and so does pyarrow.parquet.read_table of a file, which ParquetFile(file).read() does not.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6

cat >"$work/look.py" <<'PYTHON'
import sys
import time

began = time.perf_counter()
import numpy
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

imported = time.perf_counter() - began
path = sys.argv[1]
table = pa.Table.from_batches([], schema=pa.schema([("port", pa.int32())]))
pq.write_table(table, path)
assert pc.count(pq.ParquetFile(path).read()["port"]).as_py() == 0
assert "pandas" not in sys.modules, "changed: reading and counting imports pandas"
before, began = len(sys.modules), time.perf_counter()
if sys.argv[2] == "read_table":
    pq.read_table(path)
else:
    pa.array(numpy.arange(3) if sys.argv[2] == "numpy" else [1])
took = time.perf_counter() - began
assert "pandas" in sys.modules, "changed: the first array does not import pandas"
print(
    f"pyarrow {pa.__version__}, first {sys.argv[2]}: {len(sys.modules) - before} more modules,"
    f" {took / imported:.1f} times what the imports before took"
)
PYTHON
for kind in list numpy read_table; do
    "$work/venv/bin/python" "$work/look.py" "$work/empty.parquet" "$kind"
done

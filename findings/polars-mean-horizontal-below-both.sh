#!/usr/bin/env bash
# Polars' mean_horizontal of two columns of integers is a wrong float below both of them: that of 65,000 and 65,000 is 32,232.
#
# One would guess: a mean lies between the least and the greatest of its values; a mean is Float64 in Polars, so that the
# integers' type does not limit it, and sum(), cum_sum() and rolling_sum() count columns of UInt8 and UInt16 in Int64.
# Versions: polars 2.1.0, numpy 2.4.6.
# Seen: mean_horizontal adds the columns up in their own type, which wraps, and makes a float of what is left, divided by their
# number. Two path MTUs or ports of UInt16 are enough; so are bytes of both directions as UInt32, which log writers use for
# them: means of 3 GB and 3 GB are 852,516,352. Signed ones come out negative. mean() of the same values down a column,
# mean of a list of them, and NumPy's mean of them across, are right. sum_horizontal and cum_sum_horizontal wrap as well, and
# keep the columns' type, so that it can be seen. dot() has the type of sum(), Int64, and a value that wrapped in UInt8
# before. Nothing is said of it. A cast to Float64 before helps.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 numpy==2.4.6

cat >"$work/look.py" <<'PYTHON'
import numpy as np
import polars as pl

print("polars", pl.__version__, "numpy", np.__version__)
CASES = {
    pl.UInt8: (200, 100),
    pl.UInt16: (65_000, 65_000),
    pl.UInt32: (3_000_000_000, 3_000_000_000),
    pl.Int8: (100, 100),
    pl.Int32: (2_000_000_000, 2_000_000_000),
    pl.Int64: (3_000_000_000, 3_000_000_000),
}
seen = {}
for kind, (out, back) in CASES.items():
    frame = pl.DataFrame({"out": [out], "back": [back]}, schema={"out": kind, "back": kind})
    across = frame.select(mean=pl.mean_horizontal("out", "back"))["mean"]
    lazy = frame.lazy().select(mean=pl.mean_horizontal("out", "back")).collect(engine="streaming")["mean"]
    listed = frame.select(mean=pl.concat_list("out", "back").list.mean())["mean"]
    down = frame.unpivot(["out", "back"])["value"].mean()
    array = frame.to_numpy().mean(axis=1)[0]
    assert across.dtype == pl.Float64 and across.equals(lazy), "changed: the type, or the streaming engine"
    assert listed[0] == down == array == (out + back) / 2, "changed: the other ways"
    seen[str(kind)] = across[0]
    total = frame.select(pl.sum_horizontal("out", "back"))["out"]
    running = frame.select(x=pl.cum_sum_horizontal("out", "back"))["x"]
    assert total.dtype == kind, "changed: sum_horizontal"
    print(f"{kind!s:7} {out:,} and {back:,}: mean_horizontal {across[0]:,}, the other ways {down:,}; sum_horizontal {total[0]:,}",
          f"({total.dtype}), cum_sum_horizontal {running[0]['back']:,}")
small = pl.Series([200, 250, 255], dtype=pl.UInt8)
print("UInt8 200, 250, 255: sum", small.sum(), "dot with itself", small.dot(small), "for", sum(v * v for v in (200, 250, 255)))

assert seen == {
    "UInt8": 22.0,
    "UInt16": 32_232.0,
    "UInt32": 852_516_352.0,
    "Int8": -28.0,
    "Int32": -147_483_648.0,
    "Int64": 3_000_000_000.0,
}, "changed: mean_horizontal"
assert (small.sum(), small.dot(small)) == (705, 101), "changed: sum or dot"
PYTHON
"$work/venv/bin/python" "$work/look.py"

#!/usr/bin/env bash
# In DuckDB a time of nanoseconds at 23:59:59.9999996 is of hour 23, but of the next day: parts of one time are of two times.
#
# One would guess: date_trunc, time_bucket and ::DATE take the hour or day that a time falls in, so they never give a later
# time than they were given; and day() and hour() of one time, whichever is asked, are of the same time.
# Versions: duckdb 2.0.1, polars 2.1.0, datafusion 55.0.0, pandas 3.1.1, pyarrow 26.0.1.
# Seen: hour(), minute() and strftime() know TIMESTAMP_NS, as a Parquet column of nanoseconds is read. date_trunc, time_bucket,
# day(), dayname(), ::DATE and ::TIME do not, and have it cast to TIMESTAMP first, without a word; that cast rounds to the
# nearest microsecond, while a text of the same time is cut when it becomes a TIMESTAMP. So the last 500 nanoseconds of each
# second, hour and day count as the next one's: of 1,000 flows in the last two microseconds of the 10th, 250 are of the
# 11th by date_trunc and ::DATE, none is by "t < DATE '2026-03-11'", and GROUP BY day(t), hour(t) has them at hour 23 of the
# 11th, a day late. TIMESTAMP_MS and TIMESTAMP_S round too: half a second of each day is of the next by the second of them.
# Polars, DataFusion and pandas give the 10th for all.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 datafusion==55.0.0 pandas==3.1.1 \
    pyarrow==26.0.1

cat >"$work/look.py" <<'PYTHON'
import sys
from importlib.metadata import version

import datafusion
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

path = f"{sys.argv[1]}/flows.parquet"
MIDNIGHT = pd.Timestamp("2026-03-11").value  # in nanoseconds
times = [MIDNIGHT - 2 * step for step in range(1, 1_001)]  # 23:59:59.999998 and later, each two nanoseconds one flow
pq.write_table(pa.table({"t": pa.array(times, pa.timestamp("ns"))}), path)


def ask(what):
    return duckdb.sql(f"SELECT {what} FROM '{path}'").fetchall()


def of_the_11th(what):
    return ask(f"count(*) FILTER ({what})")[0][0]


print({name: version(name) for name in ("duckdb", "polars", "datafusion", "pandas", "pyarrow")})
assert ask("DISTINCT typeof(t)") == [("TIMESTAMP_NS",)], "changed: the type"
later = {
    what: of_the_11th(what)
    for what in (
        "t >= DATE '2026-03-11'",
        "date_trunc('day', t) = DATE '2026-03-11'",
        "date_trunc('hour', t) > t",
        "time_bucket(INTERVAL '1 hour', t) > t",
        "t::DATE = DATE '2026-03-11'",
        "day(t) = 11",
        "hour(t) = 0",
        "minute(t) = 0",
        "strftime(t, '%d') = '11'",
        "t::VARCHAR::TIMESTAMP >= DATE '2026-03-11'",
        "t::VARCHAR::TIMESTAMP::TIMESTAMP_S >= DATE '2026-03-11'",
    )
}
for what, count in later.items():
    print(f"DuckDB {what:55} {count:5} of 1000")
by_parts = duckdb.sql(f"SELECT day(t), hour(t), count(*) FROM '{path}' GROUP BY ALL ORDER BY ALL").fetchall()
print("DuckDB by day(t), hour(t):", by_parts)

frame = pl.read_parquet(path)
context = datafusion.SessionContext()
context.register_parquet("flows", path)
query = "SELECT count(*) AS n FROM flows WHERE date_trunc('day', t) >= '2026-03-11' OR CAST(t AS DATE) >= '2026-03-11'"
others = {
    "polars": frame.filter((pl.col("t").dt.truncate("1d").dt.day() == 11) | (pl.col("t").dt.date().dt.day() == 11)).height,
    "datafusion": context.sql(query).to_pydict()["n"][0],
    "pandas": int((pd.read_parquet(path)["t"].dt.floor("D").dt.day == 11).sum()),
}
print("the others:", others)

assert list(later.values()) == [0, 250, 250, 250, 250, 250, 0, 0, 0, 0, 1000], "changed: DuckDB's ways"
assert by_parts == [(10, 23, 750), (11, 23, 250)], "changed: DuckDB's parts"
assert others == {"polars": 0, "datafusion": 0, "pandas": 0}, "changed: the others"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work"

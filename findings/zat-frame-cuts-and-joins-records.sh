#!/usr/bin/env bash
# zat's DataFrame of a Zeek log ends a record at a "#" within it, and takes all between two quotes that begin fields for one.
#
# One would guess: it splits at tabs and lines, as ZeekLogReader does, the same package's other reader: Zeek escapes tabs
# and line ends in fields, puts nothing in quotes, and has "#" for lines of the header only.
# Versions: zat 0.4.9, pandas 3.1.1.
# Seen: the log is given to pandas.read_csv with comment="#" and the defaults for all else. Of a client "agent C# 1.0" the
# frame has "agent C", and neither bytes nor status, which follow it. From a field that begins with a quote to the next
# one that does, here three records on, all is one text, so that three of ten records are missing; "null" is missing
# too, as "-" is. The sum of bytes is 632 of 1,045. Nothing is said. Times go through a float: of 1,000 microseconds in a
# row 497 become one earlier when floored to what the log has, and 4 are found by their own time. ZeekLogReader reads all
# of that right, but has 0 where "-" says that a count is unset, and False for a bool, which are missing in the frame.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check zat==0.4.9 pandas==3.1.1

cat >"$work/look.py" <<'PYTHON'
import contextlib
import io
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from zat.log_to_dataframe import LogToDataFrame
from zat.zeek_log_reader import ZeekLogReader

work = Path(sys.argv[1])
START = 1_773_100_800
FIELDS = {
    "ts": "time",
    "uid": "string",
    "user_agent": "string",
    "response_body_len": "count",
    "status_code": "count",
    "local_orig": "bool",
}


def log(name, records):
    head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\thttp"]
    head += ["\t".join(["#fields", *FIELDS]), "\t".join(["#types", *FIELDS.values()])]
    lines = ["\t".join([f"{START}.{n:06}", f"C{n}", *record]) for n, record in enumerate(records)]
    path = work / name
    path.write_text("\n".join(head + lines) + "\n")
    return str(path)


def both(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return LogToDataFrame().create_dataframe(path), list(ZeekLogReader(path).readrows())


agents = ["curl/8.0", "agent C# 1.0", "curl/8.0", '"one', "curl/8.0", "curl/8.0", '"other', "null", "curl/8.0", "curl/8.0"]
frame, rows = both(log("http.log", [[agent, str(100 + n), "200", "T"] for n, agent in enumerate(agents)]))
print(f"zat {version('zat')}, pandas {version('pandas')}")
print("records:", len(frame), "of the frame,", len(rows), "of the other reader")
print("bytes:", frame["response_body_len"].sum(), "and", sum(row["response_body_len"] for row in rows))
print(frame[["uid", "user_agent", "response_body_len", "status_code"]].to_string(index=False, max_colwidth=40))
assert [row["user_agent"] for row in rows] == agents, "changed: ZeekLogReader"
assert frame["uid"].tolist() == ["C0", "C1", "C2", "C3", "C7", "C8", "C9"], "changed: records"
assert frame["user_agent"].iloc[1] == "agent C" and pd.isna(frame["user_agent"].iloc[4]), "changed: fields"
assert frame["status_code"].isna().tolist() == [False, True] + [False] * 5, "changed: what follows a #"
assert (frame["response_body_len"].sum(), sum(row["response_body_len"] for row in rows)) == (632, 1_045), "changed: sums"

frame, rows = both(log("times.log", [["curl/8.0", "-", "200", "-"]] * 1_000))
written = pd.Timestamp(START, unit="s") + pd.to_timedelta(range(1_000), unit="us")
late = (frame.index.floor("us") != written).sum()
found = sum(time in frame.index for time in written)
print("times: of 1,000", late, "floored to another microsecond,", found, "found as written")
assert [row["ts"] for row in rows] == list(written), "changed: times of ZeekLogReader"
unset = ["response_body_len", "local_orig"]
print("unset:", *(frame[name].iloc[0] for name in unset), "and", *(rows[0][name] for name in unset))
assert frame[unset].isna().all(axis=None) and [rows[0][name] for name in unset] == [0, False], "changed: unset"
assert (late, found) == (497, 4), "changed: times"
PYTHON
"$work/venv/bin/python" "$work/look.py" "$work"

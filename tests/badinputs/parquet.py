"""Parquet that is damaged, lies about itself, or holds what no flow has.

Of damage there is only what flowcheck's own look at a file refuses before pyarrow reads it: its ends, the
length of its footer, and more columns, row groups or rows than may be.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.badinputs.inputs import AUDIT, BadInput
from tests.runners.worlds import NOON, US, flows, write

SEED = 26
FILE = "a.parquet"
N_ROWS = 4
MOST = 2**63 - 1

_UNREADABLE = r"^HERE/a\.parquet: failed: "


def _repeated(value: Any, type_: pa.DataType | None = None) -> pa.Array:
    return pa.array([value] * N_ROWS, type_)


WRONG_TYPES: dict[str, pa.Array] = {
    "text": _repeated("22"),
    "bytes": _repeated(b"\0\x16"),
    "a truth value": _repeated(True),
    "a date": _repeated(date(2026, 11, 1)),
    "a time of day": _repeated(time(12)),
    "a duration": _repeated(timedelta(seconds=1)),
    "a list": _repeated([22]),
    "a struct": _repeated({"port": 22}),
    "a map": _repeated([("a", 1)], pa.map_(pa.string(), pa.int64())),
    "a decimal with a fraction": _repeated(Decimal("22.5")),
}
TYPED: dict[str, tuple[str, ...]] = {
    "start_time": tuple(WRONG_TYPES),
    "dst_port": tuple(name for name in WRONG_TYPES if name != "a duration"),
    "protocol": ("text", "a truth value", "a list", "a decimal with a fraction"),
    "src_ip": ("bytes", "a truth value", "a struct", "a map", "a date"),
    "dst_ip": ("a list", "a duration"),
    "action": ("text", "bytes"),
    "bytes": ("text", "a struct"),
    "observer": ("a list", "bytes"),
    "policy_refs": ("text", "a list"),
    "end_time": ("text", "a date"),
    "src_pod_uid": ("bytes",),
    "src_namespace": ("a struct",),
}
"""Columns, and what they are made of instead. Durations are 64 bits to Parquet, and so to us."""


def _numbers(*values: Any) -> pa.Array:
    return pa.array([*values, *[22] * (N_ROWS - len(values))])


def _rows(rejected: int, reason: str) -> str:
    return rf"^HERE/a\.parquet: {rejected} rows? rejected: {reason} \(row 0"


VALUES: tuple[tuple[str, dict[str, pa.Array | None], str], ...] = (
    ("a port below zero", {"dst_port": _numbers(-1)}, _rows(1, "bad_dst_port")),
    ("a port a little too large", {"dst_port": _numbers(65536)}, _rows(1, "bad_dst_port")),
    ("a port that wraps to 22", {"dst_port": _numbers(65536 + 22)}, _rows(1, "bad_dst_port")),
    ("a port of 64 bits", {"dst_port": _numbers(MOST)}, _rows(1, "bad_dst_port")),
    ("a port with a fraction", {"dst_port": _numbers(22.5)}, _rows(1, "bad_dst_port")),
    ("a port without end", {"dst_port": _numbers(float("inf"))}, _rows(1, "bad_dst_port")),
    ("a source port below zero", {"src_port": _numbers(-1)}, _rows(1, "bad_src_port")),
    ("a source port too large", {"src_port": _numbers(65536, 70000)}, _rows(2, "bad_src_port")),
    ("a protocol below zero", {"protocol": pa.array([-6, 6, 6, 6], pa.int8())}, _rows(1, "bad_protocol")),
    ("a protocol too large", {"protocol": pa.array([256, 6, 6, 6])}, _rows(1, "bad_protocol")),
    ("no protocol", {"protocol": pa.array([None, 6, 6, 6], pa.uint8())}, _rows(1, "bad_protocol")),
    ("an action that there is not", {"action": pa.array([5, 1, 1, 1])}, _rows(1, "bad_action")),
    (
        "an action of a side that there is not",
        {"ingress_action": pa.array([9, 1, 1, 1])},
        _rows(1, "bad_action"),
    ),
    ("an initiator that there is not", {"initiator": pa.array([3, 1, 1, 1])}, _rows(1, "bad_initiator")),
    (
        "a point that there is not",
        {"observation_point": pa.array([-1, 1, 1, 1])},
        _rows(1, "bad_observation_point"),
    ),
    ("bytes below zero", {"bytes": _numbers(-1, -MOST)}, _rows(2, "bad_bytes")),
    ("bytes of 64 bits", {"bytes": pa.array([2**64 - 1, 1, 1, 1], pa.uint64())}, _rows(1, "bad_bytes")),
    ("packets below zero", {"packets": _numbers(-5)}, _rows(1, "bad_packets")),
    ("a count below zero", {"flow_count": _numbers(-3)}, _rows(1, "bad_flow_count")),
    ("a count too large", {"flow_count": _numbers(2**32)}, _rows(1, "bad_flow_count")),
    ("flags below zero", {"tcp_flags": _numbers(-1)}, _rows(1, "bad_tcp_flags")),
    ("no time", {"start_time": pa.array([None, NOON, NOON, NOON], US)}, _rows(1, "bad_start_time")),
    (
        "a time past the calendar",
        {"start_time": pa.array([MOST, NOON, NOON, NOON], US)},
        _rows(1, "bad_start_time"),
    ),
    (
        "a time before the calendar",
        {"start_time": pa.array([-MOST, NOON, NOON, NOON], US)},
        _rows(1, "bad_start_time"),
    ),
    (
        "seconds taken for days",
        {"start_time": _repeated(NOON // 1000, pa.timestamp("s", "UTC"))},
        _rows(4, "bad_start_time"),
    ),
    ("an address of three parts", {"src_ip": _repeated("10.0.1")}, _rows(4, "bad_src_ip")),
    ("an address with a port", {"src_ip": _repeated("10.0.0.1:443")}, _rows(4, "bad_src_ip")),
    ("an address with a range", {"dst_ip": _repeated("10.0.0.2/32")}, _rows(4, "bad_dst_ip")),
    ("an address with a blank", {"dst_ip": _repeated(" 10.0.0.2")}, _rows(4, "bad_dst_ip")),
    ("an address in other digits", {"dst_ip": _repeated("\u0661\u0660.0.0.2")}, _rows(4, "bad_dst_ip")),
    ("an address in octal", {"dst_ip": _repeated("012.0.0.2")}, _rows(4, "bad_dst_ip")),
    ("an address of terminal commands", {"src_ip": _repeated("\x1b]0;x\x07")}, _rows(4, "bad_src_ip")),
    ("an address of two pairs of colons", {"src_ip": _repeated("::1::")}, _rows(4, "bad_src_ip")),
    ("an empty address", {"src_ip": _repeated("")}, _rows(4, "bad_src_ip")),
    ("an address of a NUL", {"src_ip": _repeated("10.0.0.1\0")}, _rows(4, "bad_src_ip")),
    ("no address", {"dst_ip": pa.nulls(N_ROWS, pa.string())}, _rows(4, "bad_dst_ip")),
    (
        "an address and a name that are null",
        {"src_ip": None, "src_namespace": _repeated("shop"), "src_pod": pa.nulls(N_ROWS, pa.string())},
        _rows(4, "bad_src_ip"),
    ),
    (
        "four things at once",
        {"dst_port": _numbers(-1, 65536), "bytes": _numbers(1, 1, -1), "protocol": pa.array([6, 6, 6, 300])},
        r"^HERE/a\.parquet: 1 row rejected: bad_bytes \(row 2\)",
    ),
)
"""A column's rows, of which some cannot be used: each is counted, with the first rows of its reason."""


def _typed() -> Iterator[BadInput]:
    for column, kinds in TYPED.items():
        for kind in kinds:
            array = WRONG_TYPES[kind]
            said = rf"{_UNREADABLE}not canonical flow columns: .*{column} is .*wanted "
            yield BadInput(f"Parquet: {column} is {kind}", _table({column: array}), AUDIT, 3, said)


def _table(columns: dict[str, pa.Array | None]) -> Callable[[Path], object]:
    return lambda here: write(here / FILE, flows(N_ROWS, **columns))


def _damaged(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def make(here: Path) -> None:
        file = write(here / FILE)
        file.write_bytes(change(file.read_bytes()))

    return make


def _with_length(data: bytes, length: int) -> bytes:
    return data[:-8] + length.to_bytes(4, "little") + data[-4:]


NOT_PARQUET = "not a Parquet file, or one that was cut short"
DAMAGE: tuple[tuple[str, Callable[[bytes], bytes], str], ...] = (
    ("nothing", lambda data: b"", "cannot tell what this is|not a Parquet|holds no|is empty"),
    ("four bytes", lambda data: data[:4], NOT_PARQUET),
    ("its two marks alone", lambda data: b"PAR1PAR1", NOT_PARQUET),
    ("the beginning of another", lambda data: b"PAR2" + data[4:], r"cannot tell what this is|not a Parquet"),
    ("the end of another", lambda data: data[:-4] + b"PAR2", NOT_PARQUET),
    ("a mark of encryption", lambda data: data[:-4] + b"PARE", "encrypted .its footer is"),
    ("a byte more", lambda data: data + b"\0", NOT_PARQUET),
    ("a line feed more", lambda data: data + b"\n", NOT_PARQUET),
    ("twice, without the second end", lambda data: data + data[:-4], NOT_PARQUET),
    ("line ends changed", lambda data: data.replace(b"\n", b"\r\n")[:-1], NOT_PARQUET),
    ("a footer longer than the file", lambda data: _with_length(data, len(data)), "the footer claims"),
    ("a footer of 4 GiB", lambda data: _with_length(data, 2**32 - 1), "the footer claims 4294967295 bytes"),
    (
        "a footer that takes in the first mark",
        lambda data: _with_length(data, len(data) - 11),
        "the footer claims",
    ),
)


def _cut() -> Iterator[tuple[str, Callable[[bytes], bytes], str]]:
    dice = random.Random(SEED)
    for number in range(8):
        share = dice.random()
        yield (
            f"cut off, {number}",
            lambda data, share=share: data[: 8 + int(share * (len(data) - 12))],
            NOT_PARQUET,
        )


def _columns_too_many(here: Path) -> None:
    write(here / FILE, flows(**{f"c{number}": pa.array([0] * N_ROWS) for number in range(2000)}))


def _missing() -> Iterator[BadInput]:
    for name in ("start_time", "src_ip", "dst_ip", "dst_port", "protocol"):
        said = rf"{_UNREADABLE}not canonical flow columns: no column {name}"
        yield BadInput(f"Parquet: no column {name}", _table({name: None}), AUDIT, 3, said)
        if "_" in name:
            renamed = name.replace("_", "-")
            said = (
                rf"{_UNREADABLE}not canonical flow columns: no column {name}.*\({renamed}: meant as {name}\?"
            )
            yield BadInput(f"Parquet: {name} called {renamed}", _renamed(name, renamed), AUDIT, 3, said)


def _renamed(name: str, other: str) -> Callable[[Path], object]:
    table = flows(N_ROWS)
    names = [other if one == name else one for one in table.schema.names]
    return lambda here: write(here / FILE, table.rename_columns(names))


def _twice(here: Path) -> None:
    table = flows(N_ROWS)
    write(here / FILE, table.append_column("dst_port", table["dst_port"]))


INPUTS: list[BadInput] = [
    *_typed(),
    *_missing(),
    *(BadInput(f"Parquet: {name}", _table(columns), AUDIT, 3, said) for name, columns, said in VALUES),
    *(
        BadInput(f"Parquet damaged: {name}", _damaged(change), AUDIT, 3, f"{_UNREADABLE}({said})")
        for name, change, said in (*DAMAGE, *_cut())
    ),
    BadInput(
        "Parquet: 2,006 columns", _columns_too_many, AUDIT, 3, rf"{_UNREADABLE}2006 columns; up to 2000"
    ),
    BadInput("Parquet: a column twice", _twice, AUDIT, 3, rf"{_UNREADABLE}"),
]

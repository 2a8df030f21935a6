"""The canonical columns as other programs type them: read as they are, or as a mapping says."""

from __future__ import annotations

import ipaddress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flowcheck.api import audit
from flowcheck.results.audit import AuditResult
from tests.runners.worlds import ALLOWED, DB, DENIED, NOON, US, WEB, flows, write

pytestmark = pytest.mark.usefixtures("forked_workers")

BYTES, FLAGS = [5 << 32, 7, 60, None], [2, 27, None, 2]
WHOLE = flows(
    start_time=pa.array([NOON + n * 1_000_000 for n in range(4)], US),
    dst_port=pa.array([ALLOWED, DENIED, DENIED, ALLOWED], pa.int32()),
    action=pa.array([1, 1, 2, 2], pa.int8()),
    flow_count=pa.array([1, 2, 3, 4], pa.uint32()),
    bytes=pa.array(BYTES, pa.int64()),
    tcp_flags=pa.array(FLAGS, pa.int32()),
    observer=["n1", None, "n2", "n1"],
)


def typed(**columns: Any) -> pa.Table:
    """The same rows in other types: values, or what a column is cast to."""
    table = WHOLE
    for name, to in columns.items():
        new = table[name].cast(to) if isinstance(to, pa.DataType) else to
        table = table.set_column(table.schema.get_field_index(name), name, new)
    return table


def sixteen(address: str) -> bytes:
    return ipaddress.ip_address(f"::ffff:{address}").packed


def four(address: str) -> int:
    return int(ipaddress.ip_address(address))


def said(result: AuditResult) -> tuple[Any, ...]:
    summary = result.summary
    verdicts = (summary.verdicts, summary.violations, summary.totals.rows_judged)
    return *verdicts, summary.flows, summary.bytes, summary.first_seen, summary.last_seen


@pytest.fixture
def expected(tmp_path: Path, cluster: Path) -> tuple[Any, ...]:
    found = said(audit(write(tmp_path / "whole.parquet", WHOLE), cluster, jobs=1))
    assert found[2:5] == (4, 10, (5 << 32) + 67)
    return found


SMALL = pa.dictionary(pa.uint8(), pa.large_string())
DELTA = {"bytes": "DELTA_BINARY_PACKED", "src_ip": "DELTA_BYTE_ARRAY", "dst_ip": "DELTA_LENGTH_BYTE_ARRAY"}
AS_THEY_ARE: dict[str, tuple[pa.Table, dict[str, Any]]] = {
    "addresses of 4 bytes": (typed(src_ip=pa.array([four(WEB)] * 4, pa.uint32())), {}),
    "addresses of 16 bytes": (typed(dst_ip=pa.array([sixteen(DB)] * 4, pa.binary(16))), {}),
    "a time elsewhere": (typed(start_time=pa.timestamp("ms", "Asia/Tokyo")), {}),
    "a time without a zone": (typed(start_time=pa.timestamp("ms")), {}),
    "nanoseconds": (typed(start_time=pa.timestamp("ns", "UTC")), {}),
    "96 bits": (
        typed(start_time=pa.timestamp("ns")),
        {"use_deprecated_int96_timestamps": True, "store_schema": False},
    ),
    "categories": (typed(src_ip=SMALL, dst_port=WHOLE["dst_port"].dictionary_encode()), {}),
    "large text": (typed(src_ip=pa.large_string(), observer=pa.large_string()), {}),
    "views of text": (typed(src_ip=pa.string_view(), observer=pa.string_view()), {}),
    "doubles": (typed(dst_port=pa.float64(), flow_count=pa.float64(), tcp_flags=pa.float32()), {}),
    "no number, but none": (typed(tcp_flags=pa.array([2.0, 27.0, float("nan"), 2.0])), {}),
    "decimals": (
        typed(bytes=pa.array([None if n is None else Decimal(n) for n in BYTES], pa.decimal128(38, 0))),
        {},
    ),
    "narrow and signed": (typed(protocol=pa.int8(), action=pa.int16(), dst_port=pa.uint16()), {}),
    "wide": (typed(**dict.fromkeys(("protocol", "action", "flow_count", "tcp_flags"), pa.int64())), {}),
    "nothing in a column": (typed(observer=pa.nulls(4)), {}),
    "columns of others": (
        WHOLE.append_column("half", pa.array([1.5] * 4, pa.float16()))
        .append_column("took", pa.array([1] * 4, pa.duration("ms")))
        .append_column("deep", pa.array([{"a": [{"b": 1}]}] * 4)),
        {},
    ),
    "differences": (WHOLE, {"column_encoding": DELTA, "use_dictionary": False, "data_page_version": "2.0"}),
    "split streams": (WHOLE, {"column_encoding": {"bytes": "BYTE_STREAM_SPLIT"}, "use_dictionary": False}),
    **{packed: (WHOLE, {"compression": packed}) for packed in ("gzip", "brotli", "lz4", "zstd", "none")},
}


@pytest.mark.parametrize("kind", AS_THEY_ARE)
def test_a_typing_that_says_what_it_means_is_read(
    tmp_path: Path, cluster: Path, expected: tuple[Any, ...], kind: str
) -> None:
    table, written = AS_THEY_ARE[kind]
    assert said(audit(write(tmp_path / "f.parquet", table, **written), cluster, jobs=1)) == expected


SAME = {name: name for name in WHOLE.schema.names}
OPENED = {"initiator": "{constant: 1}"}
"""Without the column canonical flows have their source for it; a mapping takes nothing for granted."""
SECONDS = pa.array([(NOON + n * 1_000_000) // 1_000_000 for n in range(4)])
WITH_A_MAPPING: dict[str, tuple[pa.Table, dict[str, str]]] = {
    "seconds": (typed(start_time=SECONDS.cast(pa.uint32())), {"start_time": "{from: start_time, unit: s}"}),
    "milliseconds": (
        typed(start_time=pa.array([second * 1000 for second in SECONDS.to_pylist()])),
        {"start_time": "{from: start_time, unit: ms}"},
    ),
    "times as text": (typed(start_time=pa.array([f"2026-11-01 12:00:0{n}+00:00" for n in range(4)])), {}),
    "truth": (
        typed(action=pa.array([True, True, False, False])),
        {"action": "{from: action, values: {true: 1, false: 2}}"},
    ),
    "text as bytes": (typed(src_ip=pa.binary(), observer=pa.binary()), {}),
    "numbers as text": (typed(dst_port=pa.string(), protocol=pa.string(), bytes=pa.string()), {}),
    "capitals": (WHOLE.rename_columns(list(map(str.upper, SAME))), {name: name.upper() for name in SAME}),
}


@pytest.mark.parametrize("kind", WITH_A_MAPPING)
def test_a_typing_that_may_mean_several_things_is_read_as_a_mapping_says(
    tmp_path: Path, cluster: Path, expected: tuple[Any, ...], kind: str
) -> None:
    table, rules = WITH_A_MAPPING[kind]
    file = write(tmp_path / "f.parquet", table)
    assert [one.status for one in audit(file, cluster, jobs=1).ledger.files] == ["failed"]
    columns = "".join(f"  {name}: {rule}\n" for name, rule in (SAME | rules | OPENED).items())
    (tmp_path / "m.yaml").write_text(f"columns:\n{columns}")
    assert said(audit(file, cluster, jobs=1, mapping=tmp_path / "m.yaml")) == expected

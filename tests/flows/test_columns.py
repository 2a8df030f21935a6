"""Types of other writers are read where they have one reading, and refused with what mends them where not."""

from __future__ import annotations

import uuid
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from flowcheck import compile_program, evaluate, load_cluster
from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.columns import NOT_WHOLE, readable
from flowcheck.flows.canonical.schema import check_schema, schema_warnings
from tests.runners.worlds import NOON, US, flows, write_cluster

UID = "0b1c5e0a-94f4-4f8e-9d5e-2f7f0a3c1b11"


def read(**columns: pa.Array) -> list[object]:
    """The one column given, as it is read."""
    ((name, column),) = columns.items()
    table = flows(len(column), **columns)
    check_schema(table.schema, "flows")
    values: list[object] = readable(table.to_batches()[0]).column(name).to_pylist()
    return values


@pytest.mark.parametrize("type_", [pa.float16(), pa.float32(), pa.float64()])
def test_whole_doubles_are_integers(type_: pa.DataType) -> None:
    values = pa.array([27.0, float("nan"), None, 27.5, float("inf")]).cast(type_)
    assert read(tcp_flags=values) == [27, None, None, NOT_WHOLE, NOT_WHOLE]


def test_doubles_past_64_bits_are_no_integers() -> None:
    assert read(bytes=pa.array([2.0**63, -(2.0**63), 2.0**62])) == [NOT_WHOLE, NOT_WHOLE, 2**62]


@pytest.mark.parametrize(
    "type_", [pa.decimal32(9, 0), pa.decimal64(18, 0), pa.decimal128(20, 0), pa.decimal256(76, 0)]
)
def test_decimals_of_scale_0_are_integers(type_: pa.DataType) -> None:
    assert read(bytes=pa.array([Decimal(7), None], type_)) == [7, None]


def test_decimals_past_64_bits_are_no_integers() -> None:
    values = pa.array([Decimal(10) ** 30, Decimal(5), None], pa.decimal128(38, 0))
    assert read(bytes=values) == [NOT_WHOLE, 5, None]


def test_other_layouts_of_text_and_lists_are_read() -> None:
    assert read(dst_port=pa.array([22, None, 22]).dictionary_encode()) == [22, None, 22]
    assert read(observer=pa.array(["a", None], pa.string_view())) == ["a", None]
    views = pa.DictionaryArray.from_arrays(pa.array([0, None, 0]), pa.array(["a"], pa.string_view()))
    assert read(observer=views) == ["a", None, "a"]
    for type_ in (
        pa.list_view(pa.string_view()),
        pa.large_list(pa.large_string()),
        pa.large_list_view(pa.string()),
    ):
        assert read(policy_refs=pa.array([["a"], None], type_)) == [["a"], None]


@pytest.mark.parametrize("type_", [pa.binary(16), pa.uuid()])
def test_a_uid_of_16_bytes_is_written_as_kubernetes_writes_it(type_: pa.DataType) -> None:
    values = pa.array([uuid.UUID(UID).bytes, None], pa.binary(16))
    if isinstance(type_, pa.BaseExtensionType):
        values = pa.ExtensionArray.from_storage(type_, values)
    assert read(src_pod_uid=values) == [UID, None]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"start_time": pa.array([NOON] * 4)}, r"start_time is int64.*to_timestamp\(start_time\)"),
        ({"start_time": pa.array([1.5] * 4)}, r"pandas\.to_datetime\(frame\.start_time, unit"),
        ({"start_time": pa.array(["now"] * 4)}, "start_time::timestamptz"),
        ({"dst_port": pa.array([Decimal("1.5")] * 4)}, r"dst_port::bigint"),
        ({"dst_port": pa.array(["22"] * 4)}, "dst_port is string, wanted integer"),
        ({"action": pa.array([True] * 4)}, "action is bool, wanted integer"),
        ({"src_ip": pa.array([b"abcd"] * 4)}, "src_ip is binary.*write them as text"),
        ({"src_pod": pa.array([bytes(16)] * 4, pa.binary(16))}, "src_pod is fixed_size_binary"),
    ],
)
def test_what_has_two_readings_is_refused_with_what_mends_it(columns: dict[str, pa.Array], said: str) -> None:
    with pytest.raises(FlowFormatError, match=said):
        check_schema(flows(**columns).schema, "flows")


@pytest.mark.parametrize("written", ["START_TIME", "StartTime", "start-time", "start time", "strat_time"])
def test_a_column_that_is_spelt_otherwise_is_asked_about(written: str) -> None:
    schema = flows(start_time=None, **{written: pa.array([NOON] * 4, US)}).schema
    with pytest.raises(FlowFormatError, match=rf"no column start_time \({written}: meant as start_time\?"):
        check_schema(schema, "flows")


def test_a_key_that_is_spelt_otherwise_is_told_of() -> None:
    assert list(schema_warnings(flows(action=None).schema, ["date", "Action"])) == [
        "the folder's key Action is not read; if it is meant as action, rename it"
    ]


def test_evaluate_reads_them_too_and_gives_columns_back_as_they_were(tmp_path: Path) -> None:
    columns = {
        "dst_port": pa.array([5432.0, 22.0]),
        "tcp_flags": pa.array([2.0, float("nan")]),
        "bytes": pa.array([Decimal(7), None], pa.decimal128(20, 0)),
        "src_ip": pa.array(["10.0.0.1"] * 2, pa.string_view()),
    }
    program = compile_program(load_cluster(write_cluster(tmp_path)))
    given, plain = flows(2, **columns), flows(2, dst_port=pa.array([5432, 22]), tcp_flags=pa.array([2, None]))
    judged = evaluate(program, given)
    assert judged["verdict"].to_pylist() == evaluate(program, plain)["verdict"].to_pylist()
    back = [pa.string_view() if type_ == pa.large_string() else type_ for type_ in judged.schema.types]
    assert back[: len(given.schema)] == given.schema.types
    with pytest.raises(FlowFormatError, match="bad_tcp_flags"):
        evaluate(program, flows(2, tcp_flags=pa.array([27.5, 2.0])))

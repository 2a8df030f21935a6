"""``evaluate`` takes what people hold: frames of pandas, Polars, DuckDB, Arrow, whole numbers in doubles."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import flowcheck
from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.columns import NOT_WHOLE, readable
from flowcheck.flows.canonical.frames import even_batches, read_frame
from flowcheck.flows.canonical.rows import BATCH_ROWS
from tests.builders import allow, in_namespace, make_cluster, make_pod, make_policy

pytestmark = pytest.mark.usefixtures("forked_workers")

WEB, DB = "10.0.0.1", "10.0.0.2"
PORTS = [80, 81, 80, 443]
VERDICTS = ["allow", "deny", "allow", "deny"]


@pytest.fixture(scope="module")
def program() -> Program:
    return flowcheck.compile_program(
        make_cluster(
            make_pod("web", WEB, labels="app=web"),
            make_pod("db", DB, labels="app=db"),
            make_policy(subject="app=db", ingress=[allow(in_namespace(pods="app=web"), "80")]),
        )
    )


def table(**columns: Any) -> pa.Table:
    """Four TCP flows from web to db, to PORTS."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    return pa.table(
        {
            "start_time": pa.array([start] * 4, pa.timestamp("us", "UTC")),
            "src_ip": [WEB] * 4,
            "dst_ip": [DB] * 4,
            "dst_port": pa.array(PORTS, pa.int64()),
            "protocol": pa.array([6] * 4, pa.int64()),
            "note": ["a", "b", None, "d"],
            **columns,
        }
    )


def verdicts(program: Program, flows: object) -> list[str]:
    found: list[str] = flowcheck.evaluate(program, flows).column("verdict").to_pylist()
    return found


class Only:
    """An object that has one way alone to hand over its rows."""

    def __init__(self, name: str, method: Callable[..., object]) -> None:
        setattr(self, name, method)


class Capsule:
    def __init__(self, flows: pa.Table) -> None:
        self._flows = flows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._flows.__arrow_c_stream__(requested_schema)


class OneBatch:
    def __init__(self, flows: pa.Table) -> None:
        (self._batch,) = flows.to_batches()

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return self._batch.__arrow_c_array__(requested_schema)


class Interchange:
    def __init__(self, flows: pa.Table) -> None:
        self._flows = flows

    def __dataframe__(self, **options: Any) -> object:
        return self._flows.__dataframe__(**options)


HOLDERS: dict[str, Callable[[pa.Table], object]] = {
    "pandas": lambda t: t.to_pandas(),
    "pandas, Arrow types": lambda t: t.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas, nullable": lambda t: t.to_pandas().convert_dtypes(),
    "pandas, categories": lambda t: t.to_pandas().astype({"src_ip": "category", "note": "category"}),
    "pandas, objects": lambda t: t.to_pandas().astype({"src_ip": object, "dst_port": object}),
    "pandas, time as index": lambda t: t.to_pandas().set_index("start_time"),
    "Polars": pl.from_arrow,
    "Polars, categories": lambda t: pl.DataFrame(t).with_columns(
        pl.col("src_ip", "note").cast(pl.Categorical)
    ),
    "Polars, collected": lambda t: pl.DataFrame(t).lazy().collect(),
    "Polars, in pieces": lambda t: pl.concat([pl.DataFrame(t)[:1], pl.DataFrame(t)[1:]], rechunk=False),
    "DuckDB": lambda t: duckdb.connect().from_arrow(t),
    "Arrow table": lambda t: t,
    "Arrow batch": lambda t: t.to_batches()[0],
    "Arrow reader": lambda t: t.to_reader(max_chunksize=1),
    "Arrow dataset": ds.dataset,
    "Arrow scanner": lambda t: ds.dataset(t).scanner(),
    "stream capsule": Capsule,
    "array capsule": OneBatch,
    "interchange": lambda t: Interchange(t.drop_columns("note")),
    "to_arrow": lambda t: Only("to_arrow", lambda: t),
    "to_pyarrow_table": lambda t: Only("to_pyarrow_table", lambda: t),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_rows_are_taken_from_whatever_holds_them(program: Program, holder: str) -> None:
    assert verdicts(program, HOLDERS[holder](table())) == VERDICTS


@pytest.mark.parametrize("holder", ["pandas", "Polars, categories", "DuckDB", "Arrow dataset"])
def test_no_rows_have_the_same_columns(program: Program, holder: str) -> None:
    empty = flowcheck.evaluate(program, HOLDERS[holder](table().slice(0, 0)))
    assert empty.num_rows == 0
    assert empty.schema.names == flowcheck.evaluate(program, HOLDERS[holder](table())).schema.names


def test_the_columns_of_the_frame_come_back_as_they_were(program: Program) -> None:
    frame = table().to_pandas().astype({"dst_port": "float64"})
    judged = flowcheck.evaluate(program, frame).to_pandas()
    pd.testing.assert_frame_equal(judged[list(frame.columns)], frame)


def test_a_pandas_index_comes_back(program: Program) -> None:
    frame = table().to_pandas()
    part = frame[frame.dst_port != 80]
    judged = flowcheck.evaluate(program, part).to_pandas()
    assert list(judged.index) == list(part.index) == [1, 3]
    assert frame.join(judged["verdict"])["verdict"].dropna().to_list() == ["deny", "deny"]


@pytest.mark.parametrize("type_", [pa.float64(), pa.float32(), pa.float16(), pa.decimal128(38, 0)])
def test_readable_are_read_from_other_types(program: Program, type_: pa.DataType) -> None:
    flows = table(
        dst_port=pa.array([80, 81, 80, 443], pa.int64()).cast(type_, safe=False),
        protocol=pa.array([6] * 4, pa.int64()).cast(type_),
        tcp_flags=pa.array([2, None, None, 2], pa.int64()).cast(type_),
    )
    assert verdicts(program, flows) == VERDICTS


def test_a_port_that_is_missing_makes_a_column_of_doubles_and_stays_missing(program: Program) -> None:
    frame = table().to_pandas()
    frame["dst_port"] = [80, None, 80, 443]
    assert frame["dst_port"].dtype == np.float64
    judged = flowcheck.evaluate(program, frame)
    assert judged.column("verdict").to_pylist() == ["allow", "unknown", "allow", "deny"]
    assert judged.column("reason").to_pylist()[1] == "no_port"


@pytest.mark.parametrize("value", [27.5, float("inf"), -float("inf"), 1e300, -1.0, 65536.0])
def test_a_number_that_is_no_port_is_refused_with_its_row(program: Program, value: float) -> None:
    flows = table(dst_port=pa.array([80.0, 81.0, value, 80.0]))
    with pytest.raises(FlowFormatError, match=r"<Table>, row 2 .*bad_dst_port"):
        flowcheck.evaluate(program, flows)


def test_missing_is_not_zero_and_too_large_is_not_small() -> None:
    most = 10**37
    batch = pa.record_batch(
        {
            "dst_port": pa.array([80.0, float("nan"), None, 27.5, 2.0**63]),
            "bytes": pa.array(
                [Decimal(n) if n is not None else None for n in (5, most, -most, None, 1 << 62)]
            ),
            "note": pa.array([1.5] * 5),
        }
    )
    assert pa.types.is_decimal(batch.schema.field("bytes").type)
    whole = readable(batch)
    assert whole.column("dst_port").to_pylist() == [80, None, None, NOT_WHOLE, NOT_WHOLE]
    assert whole.column("bytes").to_pylist() == [5, NOT_WHOLE, NOT_WHOLE, None, 1 << 62]
    assert whole.column("note").to_pylist() == [1.5] * 5


def test_a_decimal_with_places_is_refused_by_its_column(program: Program) -> None:
    with pytest.raises(FlowFormatError, match=r"dst_port is decimal128\(10, 2\)"):
        flowcheck.evaluate(program, table(dst_port=pa.array([Decimal(80)] * 4, pa.decimal128(10, 2))))


@pytest.mark.parametrize(
    ("flows", "said"),
    [
        ("flows.parquet", "audit reads files"),
        (None, "this is a NoneType"),
        ({"src_ip": [WEB]}, "this is a dict"),
        ([{"src_ip": WEB}], "this is a list"),
        (pd.DataFrame, "this is a type"),
        (pl.DataFrame(table()).lazy(), r"collect\(\)"),
        (table().to_pandas()["src_ip"], "whole frame"),
        (pa.array([1]), "whole frame"),
        (table().to_pandas().assign(src_ip=ipaddress.ip_address(WEB)), "column src_ip.*addresses as text"),
        (table().to_pandas().assign(mixed=[1, "a", 2, 3]), "column mixed"),
        (table().to_pandas().pipe(lambda frame: frame[[*frame.columns, "src_ip"]]), "Duplicate column"),
        (pa.table([[1], [2]], names=["a", "a"]), "two columns are called a"),
        (table().to_pandas().drop(columns="protocol"), "<DataFrame>: .*no column protocol"),
        (table(verdict=[""] * 4), "verdict.*rename or drop"),
        (
            pl.DataFrame(table()).with_columns(pl.lit(1).cast(pl.Int128).alias("n")),
            "of one type that Arrow has",
        ),
    ],
)
def test_what_is_not_taken_is_named_with_a_way_out(program: Program, flows: object, said: str) -> None:
    with pytest.raises(FlowFormatError, match=said):
        flowcheck.evaluate(program, flows)


def test_a_query_that_fails_half_way_is_an_error_of_the_flows(program: Program) -> None:
    def batches() -> Any:
        yield table().to_batches()[0]
        raise OSError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(table().schema, batches())
    with pytest.raises(FlowFormatError, match="cannot be read to its end: the disk is gone"):
        flowcheck.evaluate(program, reader)


def test_evaluate_wants_a_program(program: Program) -> None:
    assert program.cluster is not None
    with pytest.raises(TypeError, match="compile_program"):
        flowcheck.evaluate(program.cluster, table())  # type: ignore[arg-type] # what is tested


def test_pieces_are_joined_and_cut_evenly() -> None:
    sizes = [BATCH_ROWS - 1, 0, 3, 2 * BATCH_ROWS, 5]
    starts = np.cumsum([0, *sizes])
    pieces = [
        pa.record_batch({"n": pa.array(np.arange(start, start + size))})
        for start, size in zip(starts, sizes, strict=False)
    ]
    even = list(even_batches(read_frame(pa.Table.from_batches(pieces)), "here"))
    assert [batch.num_rows for batch in even] == [BATCH_ROWS] * 3 + [7]
    whole = pa.Table.from_batches(even).column("n").to_numpy()
    assert np.array_equal(whole, np.arange(starts[-1]))


def test_the_verdict_does_not_depend_on_where_rows_are_cut(program: Program) -> None:
    """The one record says that its source opened the connection, and so tells of the other."""
    flows = table(src_port=[3000] * 4, dst_port=[3001] * 4, initiator=pa.array([1, 0, 0, 0], pa.int8()))
    basis = flowcheck.evaluate(program, flows).column("initiator_basis").to_pylist()
    assert basis == ["record", "pair", "pair", "pair"]
    pieces = flowcheck.evaluate(program, flows.to_reader(max_chunksize=1))
    assert pieces.column("initiator_basis").to_pylist() == basis


def test_no_library_of_frames_is_imported_by_flowcheck() -> None:
    code = (
        "import sys, flowcheck, flowcheck.api, flowcheck.judging.batch, flowcheck.runners.worker\n"
        "flowcheck.audit, flowcheck.evaluate, flowcheck.explain\n"
        "sys.exit(', '.join({'pandas', 'polars', 'duckdb'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

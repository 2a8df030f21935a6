"""``evaluate``: the same rows with eight columns of words, whatever form the flows come in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

import flowcheck
from flowcheck.compile import Program, compile_program
from flowcheck.errors import FlowFormatError
from flowcheck.judging.frame import evaluate
from tests.builders import allow, in_namespace, make_cluster, make_flow, make_pod, make_policy
from tests.tools.conformance import to_table

A, B, OUTSIDE = "10.0.0.1", "10.0.0.2", "192.0.2.1"
ADDED = (
    *("verdict", "ingress_verdict", "egress_verdict", "reason"),
    *("src", "dst", "ingress_policy", "egress_policy", "mesh_verdict", "mesh_policy"),
    *("src_quality", "dst_quality", "initiator_basis"),
)


@pytest.fixture(scope="module")
def program() -> Program:
    from flowcheck.compile import compile_program

    return compile_program(
        make_cluster(
            make_pod("a", A, labels="app=a"),
            make_pod("b", B, labels="app=b"),
            make_policy(subject="app=b", ingress=[allow(in_namespace(pods="app=a"), "80")]),
        )
    )


def flows(**columns: Any) -> pa.Table:
    """Two flows from a to b, ports 80 and 81; a column given as None is left out."""
    rows = 2
    given: dict[str, Any] = {
        "start_time": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * rows, pa.timestamp("us", "UTC")),
        "src_ip": [A] * rows,
        "dst_ip": [B] * rows,
        "dst_port": pa.array([80, 81], pa.uint16()),
        "protocol": pa.array([6] * rows, pa.uint8()),
        **columns,
    }
    return pa.table({name: column for name, column in given.items() if column is not None})


def column(table: pa.Table, name: str) -> list[Any]:
    found: list[Any] = table.column(name).to_pylist()
    return found


def test_rows_come_back_in_order_with_the_columns_of_words_added(program: Program) -> None:
    given = flows(note=["first", "second"])
    judged = flowcheck.evaluate(program, given)
    assert judged.schema.names == [*given.schema.names, *ADDED]
    assert judged.select(given.schema.names).equals(given)
    assert column(judged, "verdict") == ["allow", "deny"]
    assert column(judged, "ingress_verdict") == ["allow", "deny"]
    assert column(judged, "egress_verdict") == ["allow", "allow"]
    assert column(judged, "reason") == [None, None]
    assert column(judged, "src") == ["x/Pod/a"] * 2
    assert column(judged, "ingress_policy") == [
        "NetworkPolicy/x/p[ingress[0]]",
        "default-deny by NetworkPolicy/x/p",
    ]
    assert column(judged, "egress_policy") == [None, None]


def test_added_columns_are_text(program: Program) -> None:
    schema = flowcheck.evaluate(program, flows()).schema
    for name in ADDED:
        type_ = schema.field(name).type
        assert pa.types.is_dictionary(type_)
        assert pa.types.is_string(type_.value_type)


def test_a_table_a_batch_and_a_reader_are_judged_alike(program: Program) -> None:
    table = flows()
    (batch,) = table.to_batches()
    reader = pa.RecordBatchReader.from_batches(table.schema, [batch, batch.slice(0, 0), batch.slice(1)])
    whole = flowcheck.evaluate(program, table)
    assert flowcheck.evaluate(program, batch).to_pylist() == whole.to_pylist()
    assert flowcheck.evaluate(program, reader).to_pylist() == [*whole.to_pylist(), whole.to_pylist()[1]]


def test_a_table_in_pieces_is_judged_as_one(program: Program) -> None:
    pieces = pa.concat_tables([flows(), flows(dst_port=pa.array([81, None], pa.uint16()))])
    assert column(flowcheck.evaluate(program, pieces), "verdict") == ["allow", "deny", "deny", "unknown"]


def test_a_slice_of_a_batch_is_judged_as_itself(program: Program) -> None:
    (batch,) = flows().to_batches()
    assert column(flowcheck.evaluate(program, batch.slice(1)), "verdict") == ["deny"]


def test_an_empty_table_has_the_same_columns(program: Program) -> None:
    empty = flowcheck.evaluate(program, flows().slice(0, 0))
    assert empty.num_rows == 0
    assert empty.schema == flowcheck.evaluate(program, flows()).schema


def test_an_unknown_verdict_has_its_reason(program: Program) -> None:
    judged = flowcheck.evaluate(program, flows(initiator=pa.array([0, 1], pa.int8())))
    assert column(judged, "verdict") == ["unknown", "deny"]
    assert column(judged, "reason") == ["unknown_initiator", None]


def test_ends_may_be_given_by_name(program: Program) -> None:
    judged = flowcheck.evaluate(
        program,
        flows(src_ip=None, src_namespace=["x", "x"], src_pod=["a", "nobody"], src_workload=["a", "w"]),
    )
    assert column(judged, "src") == ["x/Pod/a", "x/nobody"]
    assert column(judged, "reason") == [None, "unresolved_src"]


def test_a_recorded_pod_beats_the_address_and_a_workload_does_not(program: Program) -> None:
    judged = flowcheck.evaluate(
        program, flows(src_ip=[OUTSIDE, None], src_namespace=["x", "x"], src_pod=["a", "a"])
    )
    assert column(judged, "src") == ["x/Pod/a", "x/Pod/a"]
    judged = flowcheck.evaluate(
        program, flows(src_ip=[OUTSIDE, None], src_namespace=["x", "x"], src_workload=["a", "a"])
    )
    assert column(judged, "src") == [OUTSIDE, "x/Pod/a"]
    assert column(judged, "egress_verdict") == ["unknown", "allow"]


def test_missing_columns_are_all_named(program: Program) -> None:
    with pytest.raises(FlowFormatError) as refused:
        flowcheck.evaluate(program, flows(protocol=None, src_ip=None))
    assert "protocol" in str(refused.value)
    assert "src_ip" in str(refused.value)


def test_a_column_of_a_wrong_type_is_refused(program: Program) -> None:
    with pytest.raises(FlowFormatError, match="dst_port"):
        flowcheck.evaluate(program, flows(dst_port=["80", "81"]))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"dst_port": pa.array([80, 70000], pa.int32())}, "bad_dst_port"),
        ({"dst_port": pa.array([80, -1], pa.int32())}, "bad_dst_port"),
        ({"protocol": pa.array([6, None], pa.uint8())}, "bad_protocol"),
        ({"src_ip": [A, "10.0.0.256"]}, "bad_src_ip"),
        ({"dst_ip": [B, None]}, "bad_dst_ip"),
        ({"start_time": pa.array([0, None], pa.timestamp("us"))}, "bad_start_time"),
    ],
)
def test_a_row_that_cannot_be_judged_is_refused_with_its_place(
    program: Program, columns: dict[str, Any], reason: str
) -> None:
    with pytest.raises(FlowFormatError) as refused:
        flowcheck.evaluate(program, flows(**columns))
    assert reason in str(refused.value)
    assert "row 1" in str(refused.value)
    assert refused.value.hint


def test_a_program_without_its_matrices_judges_the_same(program: Program) -> None:
    light = program.without_cluster()
    assert flowcheck.evaluate(light, flows()).equals(flowcheck.evaluate(program, flows()))
    assert light.fingerprint == program.fingerprint


def test_a_dictionary_of_what_decided_names_nothing_twice() -> None:
    """pandas takes no category twice; several decisions have no policy to name."""
    cluster = make_cluster(
        make_pod("a", "10.0.0.1", labels="app=a"),
        make_pod("b", "10.0.0.2"),
        make_policy("p", subject="app=a", ingress=[allow(in_namespace(), "80")]),
    )
    flows = [
        make_flow("10.0.0.1", "10.0.0.1"),
        make_flow("192.0.2.1", "10.0.0.2"),
        make_flow("10.0.0.2", "10.0.0.1"),
    ]
    judged = evaluate(compile_program(cluster), to_table(flows))
    for name in ("ingress_policy", "egress_policy"):
        words = judged.column(name).combine_chunks().dictionary.to_pylist()
        assert len(words) == len(set(words))

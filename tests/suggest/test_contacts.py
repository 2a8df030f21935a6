"""Contacts: an address by itself, whatever it is recorded as; each connection once; sums in any order."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from flowcheck.compile import compile_program
from flowcheck.judging import contacts as c
from flowcheck.judging.contacts import Contacts, added_up, address_of
from flowcheck.suggesting.folding import Contact, fold
from tests.agreement.agree import WORLDS, World, drawn
from tests.agreement.strategies import worlds
from tests.builders import make_cluster, make_node, make_pod
from tests.runners.worlds import NOON, US
from tests.suggest.worlds import met_in
from tests.tools.conformance import to_table

POD, OTHER = "10.0.0.1", "10.0.0.2"
CLUSTER = make_cluster(
    make_pod("a", POD, "fd00::1", labels="app=a", node="n1"),
    make_pod("b", OTHER, labels="app=b", node="n1"),
    make_node("n1", "10.9.0.1"),
)
V6 = "2001:db8::5"


def table(*rows: tuple[str | None, str | None], **columns: list[int]) -> pa.Table:
    n_rows = len(rows)
    whole = {
        "start_time": pa.array([NOON + n for n in range(n_rows)], US),
        "src_ip": pa.array([src for src, _ in rows], pa.string()),
        "dst_ip": pa.array([dst for _, dst in rows], pa.string()),
        "dst_port": pa.array([80] * n_rows, pa.int32()),
        "protocol": pa.array([6] * n_rows, pa.uint8()),
        **{name: pa.array(values) for name, values in columns.items()},
    }
    return pa.table(whole)


def contacts(flows: pa.Table) -> list[Contact]:
    return [*fold(met_in(compile_program(CLUSTER), flows).rows)]


def seen(flows: pa.Table) -> list[tuple[str, int, int]]:
    return sorted((one.address, one.connections, one.records) for one in contacts(flows))


FORMS = {
    "text": lambda column: column,
    "dictionary": lambda column: column.dictionary_encode(),
    "bytes": lambda column: pa.array([_bytes(text) for text in column.to_pylist()], pa.binary(16)),
}


def _bytes(text: str) -> bytes:
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("outside", ["203.0.113.7", "0.0.0.0", "255.255.255.255", V6, "::", "8000::1", "::1"])
def test_an_address_outside_is_itself(form: str, outside: str) -> None:
    flows = table((POD, outside), (outside, POD), (POD, outside))
    for place, name in ((1, "src_ip"), (2, "dst_ip")):
        flows = flows.set_column(place, name, FORMS[form](flows[name].combine_chunks()))
    assert seen(flows) == [(outside, 1, 1), (outside, 2, 2)]


def test_a_zone_is_left_out_and_ipv4_in_ipv6_is_ipv4() -> None:
    assert seen(table((POD, "fe80::1%eth0"), (POD, "::ffff:203.0.113.7"))) == [
        ("203.0.113.7", 1, 1),
        ("fe80::1", 1, 1),
    ]


def test_pods_have_none() -> None:
    (one,) = contacts(table((POD, OTHER), (POD, OTHER)))
    assert (one.address, one.connections) == ("", 2)


def test_a_node_has_its_own() -> None:
    assert [one.address for one in contacts(table(("10.9.0.1", POD)))] == ["10.9.0.1"]


def test_a_reply_is_turned_round_with_its_address() -> None:
    syn_ack = {"initiator": [0], "tcp_flags": [18], "src_port": [443], "dst_port": [40000]}
    (reply,) = contacts(table((V6, "fd00::1"), **syn_ack))
    (opened,) = contacts(table(("fd00::1", V6), dst_port=[443]))
    assert reply == opened
    assert (reply.address, reply.port) == (V6, 443)


def test_times_are_those_of_the_first_and_of_the_last() -> None:
    (one,) = contacts(table((POD, OTHER), (POD, OTHER), (POD, OTHER), observation_point=[1, 1, 2]))
    assert (one.first, one.last) == (NOON, NOON + 2)


def test_what_two_points_report_counts_once() -> None:
    flows = table((POD, OTHER), (POD, OTHER), (POD, OTHER), observation_point=[1, 1, 2], flow_count=[2, 3, 4])
    (one,) = contacts(flows)
    assert (one.connections, one.records) == (5, 3)


def test_what_was_refused_is_apart() -> None:
    found = contacts(table((POD, OTHER), (POD, OTHER), (POD, OTHER), action=[1, 2, 4]))
    assert sorted((one.refused, one.records) for one in found) == [(False, 1), (True, 2)]


def test_what_the_network_sees_of_a_tunnel_is_its_port() -> None:
    (one,) = contacts(table((POD, OTHER), outer_port=[15008]))
    assert one.port == 15008


def _cut(rows: np.ndarray, places: list[int]) -> Iterator[np.ndarray]:
    for start, end in zip([0, *places], [*places, len(rows)], strict=True):
        yield rows[start:end]


@drawn(WORLDS // 10)
@given(worlds())
def test_contacts_are_the_same_in_whatever_order_they_come(world: World) -> None:
    cluster, options, flows = world
    rows = met_in(compile_program(cluster, options), to_table(flows)).rows
    twice = np.concatenate([rows, rows])
    other = Contacts()
    for part in _cut(twice[::-1], [len(rows) // 3, len(rows)]):
        other.add(part)
    assert (other.rows() == added_up(twice)).all()
    assert other.rows()[:, c.RECORDS].sum() == 2 * rows[:, c.RECORDS].sum()
    assert len(other.rows()) == len(rows)


@pytest.mark.parametrize("text", ["0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "::1", "ffff::1"])
def test_halves_of_addresses(text: str) -> None:
    number = int(ipaddress.ip_address(text))
    number |= 0xFFFF << 32 if ":" not in text else 0
    high, low = np.array([number >> 64, number & (1 << 64) - 1], dtype=np.uint64).view(np.int64).tolist()
    assert address_of(high, low) == text

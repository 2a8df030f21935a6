"""The compiled path and the reference give the same eight answers on random worlds and on the sample."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.model.options import Options
from flowcheck.model.policy import AddressBlock, DomainNames, PodQuery
from flowcheck.model.protocols import SCTP
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.reading import load_cluster
from flowcheck.reference import Tuple5
from tests.agreement.agree import WORLDS, World, disagreements, drawn
from tests.agreement.engines import by_source
from tests.agreement.strategies import engines, worlds
from tests.builders import (
    allow,
    block,
    deny,
    in_namespace,
    make_admin,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    make_template,
    roughly,
)
from tests.tools.conformance import to_table

SAMPLE = Path(__file__).parents[2] / "data"


@drawn(WORLDS)
@given(worlds(admin=False))
def test_paths_agree_on_network_policies(world: World) -> None:
    assert disagreements(world) == []


@drawn(WORLDS)
@given(worlds(admin=True))
def test_paths_agree_on_all_tiers(world: World) -> None:
    assert disagreements(world) == []


@drawn(WORLDS)
@given(engines())
def test_paths_agree_on_all_that_the_model_can_say(world: World) -> None:
    assert disagreements(world) == []


@drawn(WORLDS)
@given(engines().map(by_source))
def test_paths_agree_on_ports_at_the_source(world: World) -> None:
    assert disagreements(world) == []


@pytest.mark.parametrize("n_ports", [125, 126, 127, 200])
def test_paths_agree_where_policies_tell_many_ports_apart(n_ports: int) -> None:
    """Some 250 classes of ports, where a byte ends, and more; with ports and without."""
    ports = range(1, 2 * n_ports, 2)
    cluster = make_cluster(
        make_pod("a", "10.0.0.1"),
        make_pod("b", "10.0.0.2"),
        make_policy(ingress=[allow(ports=f"{port}/TCP") for port in ports], subject=""),
        make_policy("q", ingress=[allow(ports="any/SCTP")]),
    )
    asked = [*(None, 1, 2, 255, 256), *(2 * n_ports + one for one in (-2, -1, 0, 1))]
    flows = [
        make_flow("10.0.0.1", "10.0.0.2", port, protocol) for port in asked for protocol in (6, 17, SCTP)
    ]
    flows += [make_flow("10.0.0.1", "10.0.0.2", None, protocol) for protocol in (1, 58, 47)]
    assert disagreements((cluster, Options(), flows)) == []


# -- the same flows in every form a table may have ---------------------------------------------------


def to_dictionary(texts: Sequence[str | None]) -> pa.Array:
    return pa.array(texts, pa.string()).dictionary_encode()


def to_sixteen_bytes(texts: Sequence[str | None]) -> pa.Array:
    return pa.array([None if t is None else sixteen_bytes(t) for t in texts], pa.binary(16))


def sixteen_bytes(text: str) -> bytes:
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed


def to_integers(texts: Sequence[str | None]) -> pa.Array:
    return pa.array([None if t is None else int(ipaddress.IPv4Address(t)) for t in texts], pa.uint32())


FORMS: dict[str, Callable[[Sequence[str | None]], pa.Array]] = {
    "dictionary": to_dictionary,
    "plain": lambda texts: pa.array(texts, pa.string()),
    "large": lambda texts: pa.array(texts, pa.large_string()),
    "sixteen bytes": to_sixteen_bytes,
    "integer": to_integers,
}
WIDTHS = (
    (pa.int32(), pa.int64()),
    (pa.int64(), pa.uint16()),
    (pa.uint16(), pa.int8()),
    (pa.uint32(), pa.int16()),
)


def is_v4(text: str | None) -> bool:
    return text is None or ipaddress.ip_address(text).version == 4


def table_in_form(flows: Sequence[Tuple5], form: str, widths: tuple[pa.DataType, pa.DataType]) -> pa.Table:
    table = to_table(flows)
    for end in ("src", "dst"):
        texts = [getattr(flow, end) for flow in flows]
        place = table.schema.get_field_index(f"{end}_ip")
        table = table.set_column(place, f"{end}_ip", FORMS[form](texts))
    for name, width in zip(("dst_port", "protocol"), widths, strict=True):
        column = table.column(name).cast(width)
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table


@pytest.mark.parametrize("form", list(FORMS))
@drawn(WORLDS // 6)
@given(worlds(), st.sampled_from(WIDTHS))
def test_paths_agree_whatever_the_columns_types(
    form: str, world: World, widths: tuple[pa.DataType, pa.DataType]
) -> None:
    cluster, options, flows = world
    if widths[1] == pa.int8():
        flows = [flow for flow in flows if flow.protocol != SCTP]
    if form == "integer":
        flows = [flow for flow in flows if is_v4(flow.src) and is_v4(flow.dst)]
    assert disagreements((cluster, options, flows), table_in_form(flows, form, widths)) == []


@pytest.mark.parametrize("form", list(FORMS))
def test_a_row_without_an_address_is_not_taken_for_the_connection_of_another(form: str) -> None:
    """Both ports are ephemeral, so that nothing but the other record could tell who opened the second."""
    flows = [
        make_flow(A, B, 50000, src_port=40000, initiator=1),
        make_flow("x/c", B, 50000, src_port=40000, initiator=0),
    ]
    cluster = make_cluster(*PAIR, make_pod("c", "10.244.0.3"))
    table = table_in_form(flows, form, WIDTHS[0])
    assert disagreements((cluster, Options(), flows), table) == []


# -- worlds that are kept: what once went wrong, shrunken, and places where two structures meet -----------

A, B, OUTSIDE = "10.244.0.1", "10.244.0.2", "192.0.2.1"
DOUBT = Options(ipblock_matches_pods="unknown")
PAIR = make_pod("a", A), make_pod("b", B, ports="web=80")
KEPT: dict[str, World] = {
    # An IPv4-mapped address was shown as it was written, not as the IPv4 address it is.
    "mapped IPv6 address": (
        make_cluster(*PAIR),
        Options(),
        [make_flow("::ffff:192.0.2.1", B), make_flow(f"::ffff:{A}", "::ffff:192.0.2.1")],
    ),
    # Where a block that may match changes nothing, the rule that surely matches is the one to name.
    "ipBlock in doubt before a sure rule": (
        make_cluster(*PAIR, make_policy(ingress=[allow(block("10.244.0.0/24")), allow(in_namespace())])),
        DOUBT,
        [make_flow(A, B)],
    ),
    "two doubts at once": (
        make_cluster(
            *PAIR,
            make_policy(egress=[allow(block("0.0.0.0/0"))]),
            make_admin(egress=[allow(DomainNames(("example.com",)), "443"), deny(block("::/0", pods=True))]),
        ),
        DOUBT,
        [make_flow(A, B, port) for port in (443, None)]
        + [make_flow(A, OUTSIDE, port) for port in (443, None)],
    ),
    "blocks inside a pod range": (
        make_cluster(
            make_node("n1", "10.0.0.1", pod_cidrs=["10.244.0.0/24"]),
            *PAIR,
            make_policy(ingress=[allow(block("10.244.0.128/25")), allow(block(f"{A}/32"))]),
        ),
        Options(),
        [make_flow(src, B) for src in (A, "10.244.0.129", "10.244.0.127", "10.0.0.1")],
    ),
    "a service address inside a block": (
        make_cluster(
            *PAIR, make_service("s", "10.96.0.1"), make_policy(egress=[allow(block("10.96.0.0/16"))])
        ),
        Options(),
        [make_flow(A, dst) for dst in ("10.96.0.1", "10.96.0.2")],
    ),
    # Who has the address of a backend is in doubt just then; that it is an IPv4 address is not.
    "a host-network backend of the other family": (
        make_cluster(
            roughly(make_node("n1", "10.0.0.1"), BEGINNING, BEGINNING, 22, 23),
            roughly(make_node("n1", "fd00:1::10"), 24, 25, END, END),
            make_pod("a", A, labels="app=b"),
            make_pod("b", "fd00:244::2", labels="app=b"),
            make_pod("h", "10.0.0.1", labels="app=b", node="n1", host_network=True),
            make_service(
                "s",
                "10.96.0.1",
                "fd00:96::1",
                ports=make_service_ports("http=80:8080"),
                selector={"app": "b"},
            ),
            make_policy(ingress=[]),
        ),
        Options(skew=5),
        [make_flow(A, dst, at=at) for dst in ("10.96.0.1", "fd00:96::1") for at in (10, 22, 30)],
    ),
    # It is at that address, though it has another and somebody else may have this one.
    "a pod of two addresses beside one of them": (
        make_cluster(
            make_pod("h", "10.0.0.1", "10.0.0.2", node="n1", host_network=True, uid="h"),
            make_pod("a", A, "fd00:244::1", uid="a"),
            make_pod("c", "fd00:244::1"),
            make_pod("b", B),
            make_policy(ingress=[allow(block("10.0.0.1/32")), allow(block("fd00:244::/64"))]),
        ),
        Options(),
        [make_flow(src, B, src_pod_uid="h") for src in ("10.0.0.1", "::ffff:10.0.0.2", OUTSIDE, None)]
        + [make_flow(src, B, src_pod_uid="a") for src in (A, "fd00:244::1", OUTSIDE, None)],
    ),
    # Of backends that share a verdict the first is named, in the order of the pods.
    "a host-network pod before others behind a Service": (
        make_cluster(
            make_pod("h", "10.0.0.1", labels="app=b", node="n1", host_network=True),
            make_pod("b", B, labels="app=b"),
            make_pod("a", A),
            make_service("s", "10.96.0.1", ports=make_service_ports("80:8080"), selector={"app": "b"}),
            make_policy("in", ingress=[]),
            make_policy("out", egress=[]),
        ),
        Options(),
        [make_flow(A, "10.96.0.1")],
    ),
    "nobody is selected": (
        make_cluster(*PAIR, make_policy(subject=PodQuery(), ingress=[])),
        Options(),
        [make_flow(A, B)],
    ),
}


@pytest.mark.parametrize("world", KEPT.values(), ids=KEPT.keys())
def test_paths_agree_on_kept_worlds(world: World) -> None:
    assert disagreements(world) == []


# Found by the long search and not settled yet; strict, so that the fix has to take the world to KEPT.
SETTLED: dict[str, World] = {
    # They all are the one node, and go by its name.
    "a workload's host-network pods on one node": (
        make_cluster(
            make_node("n1", "10.0.0.1"),
            *(make_pod(name, host_network=True, node="n1", workload="DaemonSet/d") for name in ("d1", "d2")),
            make_pod("b", B, node="n1"),
            make_policy(ingress=[]),
        ),
        Options(),
        [make_flow(None, B, src_namespace="x", src_workload="d")],
    ),
    # It has every address that its node is known by.
    "a host-network pod without address on a node known by another pod's host address": (
        make_cluster(
            make_pod("h", host_network=True, node="n1"),
            make_pod("c", "10.244.0.3", node="n1", host_address="10.0.0.1"),
            make_pod("b", B),
            make_policy(ingress=[allow(block("10.0.0.0/24"))]),
        ),
        Options(),
        [make_flow("x/h", B)],
    ),
    # It is the node at its address, whatever that is called.
    "a host-network pod that names no node": (
        make_cluster(make_pod("h", "10.0.0.1", host_network=True), make_pod("b", B)),
        Options(),
        [make_flow("10.0.0.1", B), make_flow("x/h", B)],
    ),
    # A pod goes before a workload that has none.
    "a pod and a workload without pods of one name": (
        make_cluster(make_pod("a", A), make_template("a"), make_pod("b", B)),
        Options(),
        [make_flow("x/a", B)],
    ),
    # Never is not the same as open to the option.
    "a block that never matches pods": (
        make_cluster(*PAIR, make_policy(ingress=[allow(AddressBlock("0.0.0.0/0", may_match_pods=False))])),
        Options(),
        [make_flow(A, B)],
    ),
}


@pytest.mark.parametrize("world", SETTLED.values(), ids=SETTLED.keys())
def test_paths_agree_where_they_once_did_not(world: World) -> None:
    assert disagreements(world) == []


# -- the sample --------------------------------------------------------------------------------------

ENDS = tuple(f"{end}_{what}" for end in ("src", "dst") for what in ("namespace", "pod", "workload"))


def sample_flows() -> list[Tuple5]:
    """The distinct flows of the sample, as far as a verdict can depend on them."""
    wanted = ("src_ip", "dst_ip", "protocol", "dst_port", *ENDS, "initiator")
    found: dict[Tuple5, None] = {}
    for file in sorted((SAMPLE / "flows").glob("*.parquet")):
        table = pq.read_table(file)
        names = [name for name in wanted if name in table.schema.names]
        for row in table.select(names).group_by(names).aggregate([]).to_pylist():
            values = [row.get(name) for name in wanted]
            found[Tuple5(*values)] = None
    return list(found)


def test_paths_agree_on_every_flow_of_the_sample() -> None:
    cluster = load_cluster([str(SAMPLE / "cluster")])
    flows = sample_flows()
    assert len(flows) > 1000
    with_initiator = [flow for flow in flows if flow.initiator is not None]
    assert len(with_initiator) in (0, len(flows))
    assert disagreements((cluster, Options(), flows)) == []

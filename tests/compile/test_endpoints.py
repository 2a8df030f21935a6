"""The endpoint axis: what gets an index, and to whom an address belongs."""

from __future__ import annotations

import pytest

from flowcheck import arrays as a
from flowcheck.compile.endpoints.addresses import prefix
from flowcheck.compile.endpoints.asked import Asked
from flowcheck.compile.endpoints.axis import Axis, members
from flowcheck.compile.endpoints.layout import build_axis
from flowcheck.model.cluster import Namespace, Node, Pod
from flowcheck.model.policy import AddressBlock
from flowcheck.model.service import Service
from tests.builders import block, make_cluster, make_node, make_pod, make_service, make_template

Object = Namespace | Node | Pod | Service


def axis_of(*objects: Object, blocks: tuple[AddressBlock, ...] = ()) -> Axis:
    asked = Asked(tuple(cidr for one in blocks for cidr in (one.cidr, *one.excepts)))
    return build_axis(make_cluster(*objects), asked)


def owner(axis: Axis, address: str) -> str:
    endpoint = axis.owners[prefix(address)]
    return "ambiguous" if endpoint == axis.ambiguous else axis.endpoints[endpoint].name or "nobody"


def test_each_address_of_a_pod_is_an_endpoint_of_the_same_pod() -> None:
    axis = axis_of(make_pod("a", "10.0.0.1", "fd00::1"))
    ends = [axis.endpoints[e] for e in axis.of_pod("x", "a")]
    assert [str(e.prefix) for e in ends] == ["10.0.0.1/32", "fd00::1/128"]
    assert len({e.pod for e in ends}) == 1
    assert owner(axis, "10.0.0.1") == owner(axis, "fd00::1") == "x/Pod/a"


def test_a_pod_without_address_is_an_endpoint_by_name_only() -> None:
    axis = axis_of(make_pod("a"))
    (endpoint,) = axis.of_pod("x", "a")
    assert axis.endpoints[endpoint].prefix is None
    assert endpoint not in axis.owners.values()


def test_a_template_goes_by_its_workload() -> None:
    axis = axis_of(make_template("web"))
    (endpoint,) = members(axis.by_workload["x", "web"])
    assert axis.endpoints[endpoint].name == "x/Deployment/web"


def test_a_finished_pod_has_no_endpoint() -> None:
    axis = axis_of(make_pod("done", "10.0.0.1", finished=True))
    assert axis.pods == []
    assert prefix("10.0.0.1") not in axis.owners


@pytest.mark.parametrize(
    "others",
    [(make_pod("b", "10.0.0.1"),), (make_node("n1", "10.0.0.1"),)],
    ids=["two pods", "a pod and a node"],
)
def test_an_address_of_two_owners_is_ambiguous(others: tuple[Object, ...]) -> None:
    assert owner(axis_of(make_pod("a", "10.0.0.1"), *others), "10.0.0.1") == "ambiguous"


def test_an_address_written_twice_by_one_owner_is_not_ambiguous() -> None:
    node = make_node("n1", "10.9.0.1")
    axis = axis_of(
        node,
        make_pod("h", "10.9.0.1", node="n1", host_network=True),
        make_pod("b", "10.0.0.2", node="n1", host_address="10.9.0.1"),
        make_pod("c", "::ffff:10.0.0.3", "10.0.0.3"),
    )
    assert owner(axis, "10.9.0.1") == "Node/n1"
    assert owner(axis, "10.0.0.3") == "x/Pod/c"


def test_a_host_network_pod_is_its_node() -> None:
    axis = axis_of(make_node("n1", "10.9.0.1"), make_pod("h", "10.9.0.1", node="n1", host_network=True))
    assert axis.pods == []
    assert axis.of_pod("x", "h") == axis.node_endpoints["n1"]


def test_a_node_is_known_by_the_host_address_of_its_pods() -> None:
    axis = axis_of(make_pod("a", "10.0.0.1", node="n9", host_address="10.9.0.9"))
    assert owner(axis, "10.9.0.9") == "Node/n9"
    assert {axis.endpoints[e].node for e in axis.of_pod("x", "a")} == {
        axis.endpoints[e].node for e in axis.node_endpoints["n9"]
    }


def test_a_pods_address_goes_before_a_services() -> None:
    axis = axis_of(make_pod("a", "10.0.0.1"), make_service("s", "10.96.0.1", external_ips=("10.0.0.1",)))
    assert owner(axis, "10.0.0.1") == "x/Pod/a"
    service = axis.endpoints[axis.owners[prefix("10.96.0.1")]]
    assert (service.name, service.kind) == ("x/Service/s", a.KIND_SERVICE)


def test_a_block_is_external_but_unresolved_inside_a_pod_range() -> None:
    node = make_node("n1", pod_cidrs=("10.0.0.0/24",))
    blocks = block("10.0.0.0/25"), block("10.0.0.0/16", "10.0.1.0/24")
    axis = axis_of(node, blocks=blocks)
    kinds = {
        cidr: axis.endpoints[axis.owners[prefix(cidr)]].kind
        for cidr in ("0.0.0.0/0", "::/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.0.0/24", "10.0.0.0/25")
    }
    unresolved = {cidr for cidr, kind in kinds.items() if kind == a.KIND_UNRESOLVED}
    assert unresolved == {"10.0.0.0/24", "10.0.0.0/25"}
    assert set(kinds.values()) == {a.KIND_UNRESOLVED, a.KIND_BLOCK}

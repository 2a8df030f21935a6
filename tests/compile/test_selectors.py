"""Queries as bitsets against what the model's selectors say of each pod, one at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from flowcheck.compile.endpoints.asked import Asked
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.endpoints.layout import build_axis
from flowcheck.compile.rules import bitset
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.cluster import Cluster, Namespace
from flowcheck.model.labels import EVERYTHING, Selector
from flowcheck.model.policy import AddressBlock, PodQuery
from tests.agreement.agree import World
from tests.agreement.strategies import worlds
from tests.builders import (
    block,
    in_namespace,
    in_namespaces,
    make_cluster,
    make_namespace,
    make_node,
    make_pod,
    require,
    select,
)

PODS = (
    make_pod("a", "10.0.0.1", labels="app=a"),
    make_pod("b", "10.0.0.2", labels="app=,tier=t"),
    make_pod("c", "10.0.0.3", "fd00::3"),
    make_pod("y/a", "10.0.1.1", labels="app=a"),
    make_pod("h", "10.9.0.1", labels="app=a", node="n1", host_network=True),
    make_pod("done", "10.0.0.9", labels="app=a", finished=True),
)
CLUSTER = make_cluster(*PODS, make_namespace("y", "team=t"), make_node("n1", "10.9.0.1", labels="role=db"))


def index_of(cluster: Cluster, *blocks: AddressBlock) -> tuple[Axis, SelectorIndex]:
    axis = build_axis(cluster, Asked(tuple(c for one in blocks for c in (one.cidr, *one.excepts))))
    return axis, SelectorIndex(axis, cluster)


def pods_of(query: PodQuery) -> set[str]:
    axis, index = index_of(CLUSTER)
    pods = dict(axis.pods)
    return {
        f"{pods[e].namespace}/{pods[e].name}"
        for e in bitset.to_indices(index.select_pods(query).surely).tolist()
    }


@pytest.mark.parametrize(
    ("query", "pods"),
    [
        (in_namespace("x"), {"x/a", "x/b", "x/c"}),
        (in_namespace("x", "app=a"), {"x/a"}),
        (in_namespace("x", "app="), {"x/b"}),
        (in_namespace("nowhere"), set()),
        (in_namespaces(), {"x/a", "x/b", "x/c", "y/a"}),
        (in_namespaces("team=t"), {"y/a"}),
        (in_namespaces("kubernetes.io/metadata.name=x", "app=a"), {"x/a"}),
        (PodQuery(namespace="x", pods=require("app", "Exists")), {"x/a", "x/b"}),
        (PodQuery(namespace="x", pods=require("app", "DoesNotExist")), {"x/c"}),
        (PodQuery(namespace="x", pods=require("app", "NotIn", "a")), {"x/b", "x/c"}),
        (PodQuery(namespace="x", pods=require("app", "In", "a", "")), {"x/a", "x/b"}),
        (PodQuery(namespace="x", pods=require("nokey", "In", "a")), set()),
        (PodQuery(), set()),
    ],
)
def test_a_query_selects_these_pods(query: PodQuery, pods: set[str]) -> None:
    assert pods_of(query) == pods


def names_in(the_block: AddressBlock) -> set[str]:
    axis, index = index_of(CLUSTER, the_block)
    inside = bitset.to_indices(index.select_block(the_block.cidr, the_block.excepts)).tolist()
    return {axis.endpoints[e].name or str(axis.endpoints[e].prefix) for e in inside}


def test_a_block_has_pods_nodes_and_the_rest_of_itself() -> None:
    assert names_in(block("10.9.0.0/24")) == {"Node/n1", "10.9.0.0/24"}
    assert names_in(block("10.0.0.0/30")) == {"x/Pod/a", "x/Pod/b", "x/Pod/c", "10.0.0.0/30"}
    assert names_in(block("10.0.0.0/30", "10.0.0.2/31")) == {"x/Pod/a", "10.0.0.0/30"}
    assert names_in(block("10.0.0.3/32")) == {"x/Pod/c"}
    assert names_in(block("::/0")) == {"x/Pod/c", "::/0"}


def nodes_of(cluster: Cluster, nodes: Selector) -> tuple[list[str], list[str]]:
    """The names of the nodes it surely selects, and of what it may."""
    axis, index = index_of(cluster)
    surely, may = (bitset.to_indices(words).tolist() for words in index.select_nodes(nodes))
    return ([axis.endpoints[e].name for e in surely], [axis.endpoints[e].group for e in may])


def test_nodes_are_selected_by_their_labels() -> None:
    assert nodes_of(CLUSTER, select("role=db")) == (["Node/n1"], [])
    assert nodes_of(CLUSTER, select("role=web")) == ([], [])
    assert nodes_of(CLUSTER, EVERYTHING) == (["Node/n1"], [])


def test_a_node_that_only_pods_tell_of_may_have_any_labels() -> None:
    pod = make_pod("d", "10.0.0.4", node="n2", host_address="10.9.0.2")
    cluster = replace(CLUSTER, pods=(*CLUSTER.pods, pod))
    assert nodes_of(cluster, select("role=db")) == (["Node/n1"], ["Node/n2"])
    assert nodes_of(cluster, EVERYTHING) == (["Node/n1", "Node/n2"], [])


def test_where_no_node_is_described_an_address_outside_may_be_one() -> None:
    pod = make_pod("d", "10.0.0.4", node="n2", host_address="10.9.0.2")
    outside = ["0.0.0.0/0", "::/0"]
    assert nodes_of(make_cluster(pod), select("role=db")) == ([], ["Node/n2", *outside])
    assert nodes_of(make_cluster(pod), EVERYTHING) == (["Node/n2"], outside)


def test_a_namespace_that_no_object_describes_may_have_any_labels_beside_its_name() -> None:
    unknown = replace(make_namespace("z"), described=False)
    _, index = index_of(make_cluster(unknown, make_namespace("x"), make_pod("a"), make_pod("z/a")))

    def taken(query: PodQuery) -> tuple[int, int]:
        surely, may = index.select_pods(query)
        return len(bitset.to_indices(surely)), len(bitset.to_indices(may))

    assert taken(in_namespaces("team=t")) == (0, 1)
    assert taken(in_namespaces("team=t", "app=a")) == (0, 0)
    assert taken(PodQuery(namespaces=require("team", "DoesNotExist"))) == (1, 1)
    assert taken(in_namespaces("kubernetes.io/metadata.name=z")) == (1, 0)
    assert taken(in_namespaces("kubernetes.io/metadata.name=x,team=t")) == (0, 0)
    assert taken(in_namespaces("kubernetes.io/metadata.name=z,team=t")) == (0, 1)
    assert taken(in_namespaces()) == (2, 0)


def test_external_endpoints_are_the_address_blocks() -> None:
    axis, index = index_of(CLUSTER, block("192.0.2.0/24"))
    external = {str(axis.endpoints[e].prefix) for e in bitset.to_indices(index.external()).tolist()}
    assert external == {"0.0.0.0/0", "::/0", "192.0.2.0/24"}


def surely(selector: Selector, namespace: Namespace) -> bool:
    """Whether the labels that are known settle it."""
    asked = {requirement.key for requirement in selector.requirements}
    return selector.matches(namespace.labels) and (namespace.described or asked <= namespace.labels.keys())


@settings(deadline=None, max_examples=60)
@given(worlds())
def test_every_query_of_a_world_selects_the_pods_its_selectors_match(world: World) -> None:
    cluster = world[0]
    axis, index = index_of(cluster)
    queries = [policy.subject for policy in cluster.policies]
    for query in (*queries, *(query._replace(pods=EVERYTHING) for query in queries)):
        chosen = {
            endpoint
            for endpoint, pod in axis.pods
            if query.pods.matches(pod.labels)
            and (
                query.namespace == pod.namespace
                if query.namespaces is None
                else surely(query.namespaces, cluster.namespaces[pod.namespace])
            )
        }
        assert set(bitset.to_indices(index.select_pods(query).surely).tolist()) == chosen

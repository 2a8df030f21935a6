"""What each switch does, one small world each: the verdict of every engine that the cause was found with."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.engines.worlds import ENGINES, Json, base, cluster_policy, network_policy, pod, said, thing

ALL_NAMESPACES = {"namespaces": {}}
WEB = pod("web", "n1", "10.4.1.1")
CLI = pod("cli", "n2", "10.4.2.1", namespace="lab")
IN = "10.4.2.1 > 10.4.1.1 TCP"


def with_ports(*containers: list[Json], init: list[Json] | None = None) -> Json:
    """Pod web with these ports of its containers, and an init container."""
    parts = [{"name": f"c{n}", "ports": ports} for n, ports in enumerate(containers)]
    return pod("web", "n1", "10.4.1.1", containers=parts, initContainers=init or [])


def port(name: str, number: int, protocol: str = "TCP") -> Json:
    return {"name": name, "containerPort": number, "protocol": protocol}


class Cause(NamedTuple):
    """``allows`` and ``denies``: the engines that do; those in neither are not asked."""

    objects: list[Json]
    flow: str
    side: str
    allows: str
    denies: str


CAUSES = {
    "rules of a direction that policyTypes leaves out": Cause(
        [
            WEB,
            CLI,
            network_policy("p", "shop", policyTypes=["Egress"], ingress=[{"from": [{"podSelector": {}}]}]),
        ],
        f"{IN} 80",
        "ingress",
        "FKPO",
        "CDAW",
    ),
    "an ipBlock around a pod": Cause(
        [WEB, CLI, network_policy("p", "shop", ingress=[{"from": [{"ipBlock": {"cidr": "10.4.2.0/24"}}]}])],
        f"{IN} 80",
        "ingress",
        "FCKPAOW",
        "D",
    ),
    "an ipBlock around another node": Cause(
        [WEB, network_policy("p", "shop", ingress=[{"from": [{"ipBlock": {"cidr": "10.9.0.0/24"}}]}])],
        "10.9.0.2 > 10.4.1.1 TCP 80",
        "ingress",
        "FCKPAOW",
        "D",
    ),
    "networks around a pod": Cause(
        [
            WEB,
            CLI,
            network_policy("p", "lab", policyTypes=["Egress"]),
            cluster_policy("a", egress=[{"action": "Accept", "to": [{"networks": ["10.4.0.0/16"]}]}]),
        ],
        f"{IN} 80",
        "egress",
        "FCKPAO",
        "DW",
    ),
    "networks around a node": Cause(
        [
            CLI,
            network_policy("p", "lab", policyTypes=["Egress"]),
            cluster_policy("a", egress=[{"action": "Accept", "to": [{"networks": ["10.9.0.0/24"]}]}]),
        ],
        "10.4.2.1 > 10.9.0.1 TCP 80",
        "egress",
        "FCKPAO",
        "DW",
    ),
    "an Accept of nodes and pods in one rule, pod asked": Cause(
        [
            WEB,
            CLI,
            network_policy("p", "lab", policyTypes=["Egress"]),
            cluster_policy("a", egress=[{"action": "Accept", "to": [{"nodes": {}}, ALL_NAMESPACES]}]),
        ],
        f"{IN} 80",
        "egress",
        "FCPAO",
        "DKW",
    ),
    "a Deny of nodes on one port": Cause(
        [
            WEB,
            CLI,
            cluster_policy(
                "a",
                egress=[
                    {
                        "action": "Deny",
                        "to": [{"nodes": {}}],
                        "protocols": [{"tcp": {"destinationPort": {"number": 22}}}],
                    }
                ],
            ),
        ],
        f"{IN} 80",
        "egress",
        "FCDPAOW",
        "K",
    ),
    "the port of a native sidecar": Cause(
        [
            with_ports([], init=[{"name": "s", "restartPolicy": "Always", "ports": [port("http", 8080)]}]),
            CLI,
            network_policy("p", "shop", ingress=[{"ports": [{"port": "http"}]}]),
        ],
        f"{IN} 8080",
        "ingress",
        "FKO",
        "CDPAW",
    ),
    "the port of an ordinary init container": Cause(
        [
            with_ports([], init=[{"name": "s", "ports": [port("http", 8080)]}]),
            CLI,
            network_policy("p", "shop", ingress=[{"ports": [{"port": "http"}]}]),
        ],
        f"{IN} 8080",
        "ingress",
        "KO",
        "FCDPAW",
    ),
    "a name with two numbers, the first asked": Cause(
        [
            with_ports([port("http", 8080)], [port("http", 8081)]),
            CLI,
            network_policy("p", "shop", ingress=[{"ports": [{"port": "http"}]}]),
        ],
        f"{IN} 8080",
        "ingress",
        "FKPAOW",
        "CD",
    ),
    "a name with two numbers, the second asked": Cause(
        [
            with_ports([port("http", 8080)], [port("http", 8081)]),
            CLI,
            network_policy("p", "shop", ingress=[{"ports": [{"port": "http"}]}]),
        ],
        f"{IN} 8081",
        "ingress",
        "FCDKPO",
        "AW",
    ),
    "a label that is no part of an identity": Cause(
        [
            WEB,
            pod("cli", "n2", "10.4.2.1", namespace="lab", labels={"pod-template-hash": "x"}),
            network_policy(
                "p",
                "shop",
                ingress=[
                    {
                        "from": [
                            {
                                "namespaceSelector": {},
                                "podSelector": {"matchLabels": {"pod-template-hash": "x"}},
                            }
                        ]
                    }
                ],
            ),
        ],
        f"{IN} 80",
        "ingress",
        "FKPAOW",
        "CD",
    ),
    "a subject by such a label": Cause(
        [
            pod("web", "n1", "10.4.1.1", labels={"pod-template-hash": "x"}),
            CLI,
            network_policy("p", "shop", podSelector={"matchLabels": {"pod-template-hash": "x"}}),
        ],
        f"{IN} 80",
        "ingress",
        "CD",
        "FKPAOW",
    ),
    "two priorities alike, by name": Cause(
        [
            WEB,
            CLI,
            cluster_policy("a", ingress=[{"action": "Accept", "from": [ALL_NAMESPACES]}]),
            cluster_policy("b", ingress=[{"action": "Deny", "from": [ALL_NAMESPACES]}]),
        ],
        f"{IN} 80",
        "ingress",
        "FKPW",
        "CD",
    ),
    "Baseline where a NetworkPolicy is of the other direction": Cause(
        [
            WEB,
            CLI,
            network_policy("p", "shop", policyTypes=["Egress"]),
            cluster_policy("a", "Baseline", ingress=[{"action": "Deny", "from": [ALL_NAMESPACES]}]),
        ],
        f"{IN} 80",
        "ingress",
        "PW",
        "FCDKAO",
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_part_ways(cause: str, engine: str) -> None:
    objects, flow, side, allows, denies = CAUSES[cause]
    if engine in allows + denies:
        found = said(base() + objects, flow, side, *ENGINES[engine])
        assert found in (("allow", "not_applicable") if engine in allows else ("deny",))


def test_where_equal_priorities_disagree_the_verdict_is_unknown_and_only_there() -> None:
    def asked(*actions: str, peers: Json = ALL_NAMESPACES) -> str:
        policies = [
            cluster_policy(f"p{n}", ingress=[{"action": action, "from": [peers if n else ALL_NAMESPACES]}])
            for n, action in enumerate(actions)
        ]
        return said([*base(), WEB, CLI, *policies], f"{IN} 80", "ingress", "kubernetes", {})

    assert asked("Accept", "Deny") == "unknown"
    assert asked("Deny", "Accept", "Pass") == "unknown"
    assert asked("Deny", "Deny") == "deny"
    assert asked("Deny", "Accept", peers={"namespaces": {"matchLabels": {"team": "green"}}}) == "deny"
    assert asked("Accept", "Pass") == "allow"


def test_rules_of_one_policy_keep_their_order_where_another_has_its_priority() -> None:
    """Only which policy comes first is open, not which rule of one does."""
    first = {"action": "Deny", "from": [{"namespaces": {"matchLabels": {"team": "blue"}}}]}
    a = cluster_policy("a", ingress=[first, {"action": "Accept", "from": [ALL_NAMESPACES]}])
    b = cluster_policy(
        "b",
        ingress=[{"action": "Accept", "from": [{"pods": {"podSelector": {"matchLabels": {"app": "x"}}}}]}],
    )
    assert said([*base(), WEB, CLI, a, b], f"{IN} 80", "ingress", "kubernetes", {}) == "deny"


def test_strict_mode_denies_what_no_policy_selects() -> None:
    objects = [*base(), WEB, CLI]
    assert said(objects, f"{IN} 80", "verdict", "aws", {}) == "allow"
    assert said(objects, f"{IN} 80", "verdict", "aws", {"unselected_pods": "denied"}) == "deny"
    assert (
        said(objects, "10.9.0.1 > 10.4.1.1 TCP 80", "ingress", "aws", {"unselected_pods": "denied"})
        == "allow"
    )


def test_a_namespace_may_stand_for_the_host_network() -> None:
    space = thing("Namespace", "host-network", meta={"labels": {"group": "host"}})
    rule = {"from": [{"namespaceSelector": {"matchLabels": {"group": "host"}}}]}
    objects = [*base(), space, WEB, CLI, network_policy("p", "shop", ingress=[rule])]
    node = "10.9.0.2 > 10.4.1.1 TCP 80"
    assert said(objects, node, "ingress", "ovn", {}) == "deny"
    assert said(objects, node, "ingress", "ovn", {"host_network_namespace": "host-network"}) == "allow"
    assert said(objects, f"{IN} 80", "ingress", "ovn", {"host_network_namespace": "host-network"}) == "deny"


@pytest.mark.parametrize(
    "peer",
    [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "lab"}}},
        {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "cli"}}},
    ],
)
def test_peers_that_do_not_select_it_take_no_host_network(peer: dict[str, Any]) -> None:
    policy = network_policy("p", "shop", ingress=[{"from": [peer]}])
    objects = [*base(), thing("Namespace", "host-network"), WEB, CLI, policy]
    node = "10.9.0.2 > 10.4.1.1 TCP 80"
    assert said(objects, node, "ingress", "ovn", {"host_network_namespace": "host-network"}) == "deny"


def test_own_nodes_both_ways() -> None:
    closed = [
        network_policy(f"p-{space}", space, policyTypes=["Ingress", "Egress"]) for space in ("shop", "lab")
    ]
    objects = [*base(), WEB, CLI, *closed]
    comes, goes, other = (
        "10.9.0.1 > 10.4.1.1 TCP 80",
        "10.4.1.1 > 10.9.0.1 TCP 80",
        "10.4.1.1 > 10.9.0.2 TCP 80",
    )
    assert said(objects, comes, "ingress", "kubernetes", {}) == "allow"
    assert said(objects, comes, "ingress", "kubernetes", {"own_node": "policy"}) == "deny"
    assert said(objects, goes, "egress", "kubernetes", {}) == "deny"
    assert said(objects, goes, "egress", "kubernetes", {"to_own_node": "allowed"}) == "allow"
    assert said(objects, other, "egress", "kubernetes", {"to_own_node": "allowed"}) == "deny"


@pytest.mark.parametrize("cni", ["kubernetes", "cilium", "calico", "antrea"])
def test_what_a_pod_sends_to_itself(cni: str) -> None:
    """At its other address and through its Service, too; a rule that admits it admits it."""
    web = pod("web", "n1", "10.4.1.1", "fd00::1")
    service = thing(
        "Service",
        "web",
        "shop",
        spec={"clusterIP": "10.96.0.9", "selector": {"app": "web"}, "ports": [{"port": 80}]},
    )
    endpoints = thing("Endpoints", "web", "shop")
    endpoints["subsets"] = [{"addresses": [{"ip": "10.4.1.1"}], "ports": [{"port": 80}]}]
    closed = network_policy("p", "shop", policyTypes=["Ingress", "Egress"])
    flows = ("10.4.1.1 > 10.4.1.1 TCP 80", "10.4.1.1 > fd00::1 TCP 80", "10.4.1.1 > 10.96.0.9 TCP 80")
    by_policy = {"same_pod": "policy"}
    objects = [*base(), web, service, endpoints]
    for flow in flows:
        for side in ("egress", "ingress"):
            assert said([*objects, closed], flow, side, cni, {}) == "allow"
            assert said([*objects, closed], flow, side, cni, by_policy) == "deny"
    to_itself = network_policy(
        "q", "shop", ingress=[{"from": [{"podSelector": {}}]}], policyTypes=["Ingress"]
    )
    assert said([*objects, closed, to_itself], flows[0], "ingress", cni, by_policy) == "allow"


def test_a_block_around_one_address_of_a_pod_may_take_the_other() -> None:
    web = pod("web", "n1", "10.4.1.1", "fd00:4:1::1")
    deny = cluster_policy("a", egress=[{"action": "Deny", "to": [{"networks": ["fd00:4:1::/64"]}]}])
    objects = [*base(), web, CLI, deny]
    assert said(objects, f"{IN} 80", "egress", "kubernetes", {}) == "allow"
    assert said(objects, f"{IN} 80", "egress", "kubernetes", {"block_takes": "pod"}) == "deny"


def test_devices_of_nodes() -> None:
    nodes = [
        thing(
            "Node",
            "n1",
            spec={"podCIDR": "10.4.1.0/24"},
            status={"addresses": [{"type": "InternalIP", "address": "10.9.0.1"}]},
        )
    ]
    web = pod("web", "n1", "10.4.1.9")
    objects = [*base()[:2], *nodes, web, network_policy("p", "shop")]
    verdicts = {
        (devices, last): said(
            objects, f"10.4.1.{last} > 10.4.1.9 TCP 80", "ingress", "kubernetes", {"node_devices": devices}
        )
        for devices in ("bridge", "gateway", "management", "told")
        for last in (0, 1, 2)
    }
    assert {key for key, verdict in verdicts.items() if verdict == "allow"} == {
        ("bridge", 0),
        ("bridge", 1),
        ("gateway", 1),
        ("management", 2),
    }


def test_switches_do_by_themselves_what_engines_do() -> None:
    """Under a profile that has no code of its own."""
    causes = {
        "a Deny of nodes on one port": ({"nodes_peers": "closed"}, "deny"),
        "an Accept of nodes and pods in one rule, pod asked": ({"nodes_peers": "closed"}, "deny"),
        "a label that is no part of an identity": ({"selector_labels": "identity"}, "deny"),
        "a subject by such a label": ({"selector_labels": "identity"}, "allow"),
        "an ipBlock around another node": ({"ipblock_matches_nodes": "no"}, "deny"),
        "networks around a node": ({"networks_match": "pods"}, "deny"),
        "networks around a pod": ({"networks_match": "pods"}, "allow"),
    }
    for name, (given, expected) in causes.items():
        cause = CAUSES[name]
        assert said(base() + cause.objects, cause.flow, cause.side, "kubernetes", given) == expected, name
    passing = [{"action": "Pass", "to": [{"nodes": {}}]}]
    objects = [*base(), WEB, CLI, cluster_policy("a", egress=passing)]
    assert said(objects, f"{IN} 80", "egress", "kubernetes", {"nodes_peers": "closed"}) == "deny"
    strict = {"unselected_pods": "denied"}
    outside = "198.51.100.7 > 10.4.1.1 TCP 80"
    assert said([*base(), WEB], outside, "ingress", "kubernetes", strict) == "deny"

"""What becomes of each kind of contact: rules, or why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowcheck.errors import RunError
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy
from flowcheck.model.protocols import ICMP, SCTP, UDP
from flowcheck.model.ranges import DnsMap, NamedAddress
from flowcheck.model.timeline import Lifetime
from flowcheck.reference import Tuple5
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.suggesting.applied import language_of
from flowcheck.suggesting.build import Wanted
from flowcheck.suggesting.needs import Tally
from flowcheck.suggesting.telling import Names
from flowcheck.suggesting.warned import warnings
from tests.builders import (
    allow,
    block,
    deny,
    in_namespace,
    make_admin,
    make_baseline,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    make_slice,
)
from tests.suggest.worlds import Made, suggest
from tests.tools.conformance import to_table

WEB, DB, NODE, OUTSIDE, V6 = "10.0.0.1", "10.0.0.2", "10.9.0.1", "203.0.113.7", "2001:db8::5"
INGRESS, EGRESS = "ingress", "egress"


def cluster(*more: object) -> Cluster:
    return make_cluster(
        make_pod("web", WEB, "fd00::1", labels="app=web", node="n1"),
        make_pod("y/db", DB, "fd00::2", labels="app=db", node="n2"),
        make_node("n1", NODE),
        make_node("n2", "10.9.0.2"),
        *more,  # type: ignore[arg-type]
    )


def made(*flows: Tuple5, of: Cluster | None = None, language: str = "kubernetes", **wanted: object) -> Made:
    given = Wanted(**wanted)  # type: ignore[arg-type]
    return suggest(of or cluster(), Options(), flows, given, language)


def reasons(of: Made) -> dict[str, int]:
    found: dict[str, int] = {}
    for aside, tally in of.draft.aside.items():
        found[aside.reason] = found.get(aside.reason, 0) + tally.records
    return found


@pytest.mark.parametrize(
    ("flow", "web", "db"),
    [
        (make_flow(WEB, DB, 5432), {EGRESS: ["y/Pod/db 5432/TCP"]}, {INGRESS: ["x/Pod/web 5432/TCP"]}),
        (make_flow(WEB, DB, 5, SCTP), {EGRESS: ["y/Pod/db 5/SCTP"]}, {INGRESS: ["x/Pod/web 5/SCTP"]}),
        (make_flow(OUTSIDE, WEB), {INGRESS: ["203.0.113.7/32 80/TCP"]}, {}),
        (make_flow(WEB, OUTSIDE, 53, UDP), {EGRESS: ["203.0.113.7/32 53/UDP"]}, {}),
        (make_flow("fd00::1", V6), {EGRESS: ["2001:db8::5/128 80/TCP"]}, {}),
        (make_flow("10.9.0.2", WEB), {INGRESS: ["10.9.0.2/32 80/TCP"]}, {}),
        (make_flow(WEB, NODE, 10250), {EGRESS: ["10.9.0.1/32 10250/TCP"]}, {}),
        (make_flow(NODE, WEB), {}, {}),
        (make_flow(WEB, WEB), {}, {}),
    ],
    ids=["pods", "sctp", "in", "out", "ipv6", "node", "to-node", "own-node", "itself"],
)
def test_rules(flow: Tuple5, web: dict[str, list[str]], db: dict[str, list[str]]) -> None:
    expected = {f"x/Pod/web {way}": rules for way, rules in web.items()}
    expected |= {f"y/Pod/db {way}": rules for way, rules in db.items()}
    assert made(flow).peers() == expected


def test_what_is_seen_is_isolated_both_ways_and_the_rest_left_alone() -> None:
    found = made(make_flow(OUTSIDE, WEB))
    (policy,) = found.draft.policies
    assert policy.directions == (Direction.INGRESS, Direction.EGRESS)
    assert found.draft.unseen == ("y/Pod/db",)
    (read,) = found.policies
    assert (read.ingress[0].label, read.egress) == ("ingress[0]", ())


def test_what_nobody_saw_is_denied_everything_if_that_is_wanted() -> None:
    names = [policy.unit.name for policy in made(make_flow(OUTSIDE, WEB), unseen=True).draft.policies]
    assert names == ["x/Pod/web", "y/Pod/db"]


def test_of_some_namespaces_only_their_workloads_get_policies() -> None:
    assert made(make_flow(WEB, DB), namespaces=("y",)).peers() == {"y/Pod/db ingress": ["x/Pod/web 80/TCP"]}


@pytest.mark.parametrize("way", [Direction.INGRESS, Direction.EGRESS])
def test_one_direction_only(way: Direction) -> None:
    found = made(make_flow(WEB, DB), directions=(way,))
    assert {direction for policy in found.draft.policies for direction in policy.directions} == {way}
    assert len(found.peers()) == 1


def test_peers_with_the_same_ports_are_one_rule_and_ports_in_a_row_a_range() -> None:
    flows = [make_flow(src, WEB, port) for src in (OUTSIDE, "203.0.113.9") for port in (8000, 8001, 8002, 9)]
    assert made(*flows).peers() == {
        "x/Pod/web ingress": ["203.0.113.7/32, 203.0.113.9/32 9/TCP, 8000-8002/TCP"]
    }


def test_peers_with_other_ports_are_rules_of_their_own() -> None:
    """Together they would allow either at the other's port."""
    flows = [make_flow(OUTSIDE, WEB, 8000), *(make_flow("203.0.113.9", WEB, port) for port in (8000, 8001))]
    assert made(*flows).peers() == {
        "x/Pod/web ingress": ["203.0.113.7/32 8000/TCP", "203.0.113.9/32 8000/TCP, 8001/TCP"]
    }


def test_icmp_has_no_rule_in_a_networkpolicy_and_one_of_calicos() -> None:
    flow = make_flow(WEB, DB, None, ICMP)
    assert reasons(made(flow)) == {"no_such_rule": 2}
    assert made(flow).peers() == {}
    calico = made(flow, language="calico", everything=True)
    assert calico.peers() == {
        "x/Pod/web egress": ["y/Pod/db ICMP"],
        "y/Pod/db ingress": ["x/Pod/web ICMP"],
    }


@pytest.mark.parametrize(
    ("flow", "reason"),
    [
        (make_flow(WEB, DB, None), "no_port"),
        (make_flow(WEB, DB, 0), "no_port"),
        (make_flow("x/gone", DB), "unresolved_src"),
        (make_flow(WEB, "y/gone"), "unresolved_dst"),
        (make_flow(WEB, DB, initiator=0, src_port=40000, port=40001), "unknown_initiator"),
        (make_flow(NODE, "10.9.0.2"), "needs_nothing"),
        (make_flow(OUTSIDE, V6), "needs_nothing"),
    ],
)
def test_what_makes_no_rule_is_counted_with_a_reason(flow: Tuple5, reason: str) -> None:
    found = made(flow)
    assert found.peers() == {}
    assert set(reasons(found)) == {reason}


def test_several_owners_of_an_address_make_no_rule() -> None:
    twin = make_pod("twin", WEB, labels="app=twin")
    assert set(reasons(made(make_flow(WEB, DB), of=cluster(twin)))) == {"ambiguous_src"}
    unsaid = make_flow(WEB, DB, initiator=0, src_port=40000, port=40001)  # as audits say it of such a row
    assert set(reasons(made(unsaid, of=cluster(twin)))) == {"unknown_initiator"}


def test_what_comes_to_a_service_may_come_to_all_of_its_backends() -> None:
    api = make_pod("api", "10.0.0.5", labels="app=api", node="n1")
    service = make_service("s", "10.96.0.9", ports=make_service_ports("a=80:80"))
    slice_ = make_slice("x/s", WEB, "10.0.0.5", ports="a=80")
    found = made(make_flow(DB, "10.96.0.9"), of=cluster(api, service, slice_))
    assert found.peers() == {
        "x/Pod/web ingress": ["y/Pod/db 80/TCP"],
        "x/Pod/api ingress": ["y/Pod/db 80/TCP"],
        "y/Pod/db egress": ["x/Pod/api, x/Pod/web 80/TCP"],
    }


def test_a_node_port_of_several_services_makes_no_rule() -> None:
    ports = {"ports": make_service_ports("a=80:80@30080"), "type": "NodePort"}
    pair = [make_service(name, f"10.96.0.{n}", **ports) for n, name in enumerate(("a", "b"), 1)]
    slices = [make_slice(name, WEB, ports="a=80") for name in ("x/a", "x/b")]
    found = made(make_flow(OUTSIDE, NODE, 30080), of=cluster(*pair, *slices))
    assert set(reasons(found)) == {"ambiguous_dst"}


def test_a_recorded_pod_on_the_host_is_its_node_whatever_the_address() -> None:
    host = make_pod("h", "10.9.0.2", host_network=True, node="n2")
    flow = replace(make_flow("x/h", WEB), src=DB)
    assert made(flow, of=cluster(host)).peers() == {"x/Pod/web ingress": ["10.9.0.2/32 80/TCP"]}


def test_what_a_selector_of_others_allows_too_is_said_once() -> None:
    canary = make_pod("canary", "10.0.0.9", labels="app=web,track=canary", workload="Deployment/canary")
    flows = make_flow(OUTSIDE, WEB), make_flow(OUTSIDE, WEB), make_flow(OUTSIDE, "10.0.0.9")
    found = made(*flows, of=cluster(canary))
    assert found.peers() == {"x/Pod/web ingress": ["203.0.113.7/32 80/TCP"]}
    assert any("selects pods of x/Deployment/canary" in warning for warning in warnings(found.draft))
    assert [policy.unit.name for policy in found.draft.policies] == ["x/Deployment/canary", "x/Pod/web"]


def two_workloads() -> Cluster:
    """Selected by ``role=p`` and ``app=q``: each selector takes one pod of the other's, too."""
    return cluster(
        make_pod("p-1", "10.0.1.1", labels="role=p,app=q", workload="Deployment/p"),
        make_pod("p-2", "10.0.1.2", labels="role=p", workload="Deployment/p"),
        make_pod("q-1", "10.0.2.1", labels="role=p,app=q", workload="Deployment/q"),
        make_pod("q-2", "10.0.2.2", labels="app=q", workload="Deployment/q"),
    )


def test_of_two_rules_that_each_say_all_one_stays() -> None:
    found = made(make_flow("10.0.1.1", DB), make_flow("10.0.2.1", DB), of=two_workloads())
    assert found.peers()["y/Pod/db ingress"] == ["x/Deployment/q 80/TCP"]


def test_a_rule_stays_for_one_contact_that_no_other_allows() -> None:
    flows = [make_flow(src, DB) for src in ("10.0.1.1", "10.0.1.2", "10.0.2.2")]
    found = made(*flows, of=two_workloads())
    assert found.peers()["y/Pod/db ingress"] == ["x/Deployment/p, x/Deployment/q 80/TCP"]


def test_names_are_those_of_the_time() -> None:
    def named(name: str, start: int, end: int) -> NamedAddress:
        return NamedAddress(name, OUTSIDE, Lifetime.exact(start, end))

    names = Names(
        DnsMap("names.csv", "", (named("old", 0, 10), named("new", 10, 20), named("later", 21, 30)))
    )
    assert names.at(OUTSIDE, Tally(1, 1, 12, 20)) == ("new",)
    assert names.at(OUTSIDE, Tally(1, 1, 5, 12)) == ("new", "old")
    assert names.at("203.0.113.8", Tally(1, 1, 0, 30)) == ()


def test_a_name_that_pods_and_a_node_go_by_makes_no_rule() -> None:
    pods = (
        make_pod("a", "10.0.0.5", labels="app=a", workload="DaemonSet/d"),
        make_pod("b", NODE, labels="app=a", workload="DaemonSet/d", host_network=True, node="n1"),
    )
    flow = replace(make_flow(None, DB), src_namespace="x", src_workload="d")
    assert set(reasons(made(flow, of=cluster(*pods)))) == {"ambiguous_src"}
    unsaid = replace(flow, initiator=0, src_port=40000, port=40001)
    assert set(reasons(made(unsaid, of=cluster(*pods)))) == {"unknown_initiator"}


def test_behind_a_service_stands_whoever_may_have_got_it() -> None:
    service = make_service(
        "y/db", "10.96.0.1", ports=make_service_ports("sql=80:5432"), selector={"app": "db"}
    )
    found = made(make_flow(WEB, "10.96.0.1"), of=cluster(service, make_slice("y/db", DB, ports="sql=5432")))
    assert found.peers() == {
        "x/Pod/web egress": ["y/Pod/db 5432/TCP"],
        "y/Pod/db ingress": ["x/Pod/web 5432/TCP"],
    }
    (need,) = found.draft.policies[0].rules[0].needs
    assert need.services


# -- beside the policies that there are --------------------------------------------------------------


def beside(*policies: Policy) -> Cluster:
    return cluster(*policies)


def test_what_a_policy_isolates_and_allows_is_told_and_not_suggested_again() -> None:
    policy = make_policy("y/p", subject="app=db", ingress=[allow(block("10.0.0.0/8"), "80")])
    found = made(make_flow(WEB, DB), of=beside(policy))
    assert found.peers() == {"x/Pod/web egress": ["y/Pod/db 80/TCP"]}
    ((kept, tally),) = found.draft.kept.items()
    assert (kept.by, kept.direction, tally.records) == ("NetworkPolicy/y/p[ingress[0]]", "ingress", 1)
    assert [one.directions for one in found.draft.policies if one.unit.name == "y/Pod/db"] == [
        (Direction.EGRESS,)
    ]


def test_all_suggests_it_again() -> None:
    policy = make_policy("y/p", subject="app=db", ingress=[allow(block("10.0.0.0/8"), "80")])
    found = made(make_flow(WEB, DB), of=beside(policy), everything=True)
    assert found.peers()["y/Pod/db ingress"] == ["x/Pod/web 80/TCP"]
    assert found.draft.kept == {}


def test_what_is_denied_today_is_marked_or_left_out() -> None:
    denying = beside(make_policy("y/p", subject="app=db", ingress=[]))
    found = made(make_flow(WEB, DB), of=denying)
    needs = [need for policy in found.draft.policies for rule in policy.rules for need in rule.needs]
    assert [need.denied_by for need in needs] == [set(), {"default-deny by NetworkPolicy/y/p"}]
    assert "denied_by" in "".join(warnings(found.draft))
    without = made(make_flow(WEB, DB), of=denying, denied_too=False)
    assert "y/Pod/db ingress" not in without.peers()
    assert reasons(without) == {"denied_today": 1}


def test_what_a_rule_forbids_makes_no_rule_beside_it() -> None:
    forbidding = beside(make_admin(ingress=[deny(in_namespace("x"))]))
    found = made(make_flow(WEB, DB), of=forbidding)
    assert found.peers() == {"x/Pod/web egress": ["y/Pod/db 80/TCP"]}
    assert reasons(found) == {"forbidden": 1}
    assert "y/Pod/db ingress" in made(make_flow(WEB, DB), of=forbidding, everything=True).peers()


def test_what_the_baseline_allows_is_suggested_as_isolation_hides_that_tier() -> None:
    found = made(make_flow(WEB, DB), of=beside(make_baseline(ingress=[allow()])))
    assert found.peers()["y/Pod/db ingress"] == ["x/Pod/web 80/TCP"]
    found = made(make_flow(WEB, DB), of=beside(make_baseline(ingress=[deny()])))
    assert found.peers()["y/Pod/db ingress"] == ["x/Pod/web 80/TCP"]


def test_what_an_admin_policy_allows_is_not_suggested() -> None:
    found = made(make_flow(WEB, DB), of=beside(make_admin(ingress=[allow()])))
    assert "y/Pod/db ingress" not in found.peers()


@pytest.mark.parametrize("language", ["cilium", "calico"])
def test_policies_of_kubernetes_stand_in_the_tier_of_other_languages(language: str) -> None:
    denying = beside(make_policy("y/p", subject="app=db", ingress=[]))
    found = made(make_flow(WEB, DB), of=denying, language=language)
    assert found.peers()["y/Pod/db ingress"] == ["x/Pod/web 80/TCP"]
    baseline = beside(make_baseline(ingress=[allow()]))
    found = made(make_flow(WEB, DB), of=baseline, language=language)
    assert found.peers()["y/Pod/db ingress"] == ["x/Pod/web 80/TCP"]


def test_names_that_are_taken_are_not_given_again() -> None:
    taken = make_policy("x/seen-web", subject="app=none", ingress=[])
    (policy,) = made(make_flow(OUTSIDE, WEB), of=beside(taken)).draft.policies
    assert policy.name == "seen-web-pod"


# -- counts ------------------------------------------------------------------------------------------


def test_what_is_seen_too_seldom_is_left_out() -> None:
    flows = [make_flow(OUTSIDE, WEB), make_flow(OUTSIDE, WEB), make_flow("203.0.113.9", WEB)]
    found = made(*flows, min_connections=2)
    assert found.peers() == {"x/Pod/web ingress": ["203.0.113.7/32 80/TCP"]}
    assert [str(need.peer) for need in found.draft.seldom] == ["203.0.113.9/32"]


def test_blocks_count_as_one_where_prefixes_are_common() -> None:
    flows = [make_flow(OUTSIDE, WEB), make_flow("203.0.113.9", WEB)]
    found = made(*flows, min_connections=2, common=(24, None))
    assert found.peers() == {"x/Pod/web ingress": ["203.0.113.0/28 80/TCP"]}
    (need,) = found.draft.policies[0].rules[0].needs
    assert {end: tally.records for end, tally in need.ends.items()} == {OUTSIDE: 1, "203.0.113.9": 1}


def test_many_blocks_are_told_and_too_many_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    flows = [make_flow(f"203.0.{n}.7", WEB) for n in range(0, 250)]
    found = made(*flows, directions=(Direction.INGRESS,))
    assert [warning.split(" blocks")[0] for warning in warnings(found.draft)] == ["x/Pod/web has 250"]
    monkeypatch.setattr("flowcheck.suggesting.build.MOST_BLOCKS", 249)
    with pytest.raises(RunError, match="would name 250 blocks"):
        made(*flows)
    assert made(*flows, common=(16, None)).peers() == {"x/Pod/web ingress": ["203.0.0.0/16 80/TCP"]}


def test_what_went_through_and_was_refused_is_allowed_and_told() -> None:
    import pyarrow as pa

    table = to_table([make_flow(WEB, DB)] * 3).append_column("action", pa.array([1, 2, 2], pa.int8()))
    found = suggest(cluster(), Options(), table)
    assert [need.refused for policy in found.draft.policies for need in policy.rules[0].needs] == [2, 2]
    assert reasons(found) == {"refused": 2}
    only = to_table([make_flow(WEB, DB)]).append_column("action", pa.array([2], pa.int8()))
    assert suggest(cluster(), Options(), only).peers() == {}


def test_without_a_lookup_in_dns_a_warning() -> None:
    (warning,) = warnings(made(make_flow(OUTSIDE, WEB)).draft)
    assert "x/Pod/web" in warning
    assert "port 53" in warning
    asked = made(make_flow(OUTSIDE, WEB), make_flow(WEB, "203.0.113.53", 53, UDP))
    assert list(warnings(asked.draft)) == []
    assert list(warnings(made(make_flow(OUTSIDE, WEB), directions=(Direction.INGRESS,)).draft)) == []


def test_what_isolated_workloads_lose_as_nobody_knows_the_other_end_is_a_warning() -> None:
    ingress = (Direction.INGRESS,)
    found = made(make_flow("x/gone", WEB), make_flow("x/gone", WEB, 81), directions=ingress)
    (warning,) = warnings(found.draft)
    assert warning.startswith("2 records with an end that nobody knows")
    assert "x/gone" not in warning, "an endpoint of nobody goes by what it is"
    assert "-> x/Pod/web (unresolved_src)" in warning
    assert list(warnings(made(make_flow(WEB, "x/gone"), directions=ingress).draft)) == []


def test_nothing_seen_nothing_suggested() -> None:
    found = made(make_flow("x/gone", "y/gone"))
    assert (found.text, found.policies) == ("", ())


# -- languages ---------------------------------------------------------------------------------------


def test_cilium_names_nodes_by_entity() -> None:
    found = made(make_flow("10.9.0.2", WEB), make_flow(WEB, NODE, 10250), language="cilium", everything=True)
    assert found.peers() == {
        "x/Pod/web ingress": ["remote-node 80/TCP"],
        "x/Pod/web egress": ["host 10250/TCP"],
    }


def test_a_networkpolicy_names_no_node_where_blocks_do_not_take_them() -> None:
    language = language_of("kubernetes", cluster(), AuditRequest(cni="cilium"))
    assert language.node("10.9.0.1", own=False) is None
    assert language_of("kubernetes", cluster(), AuditRequest()).node("10.9.0.1", own=False) is not None


def test_cilium_has_forty_ports_an_entry() -> None:
    flows = [make_flow(OUTSIDE, WEB, port) for port in range(1, 200, 2)]
    found = made(*flows, language="cilium", everything=True)
    assert found.text.count("- ports:") == 3
    assert len(found.policies) == 1


def test_calico_has_a_rule_for_each_protocol_and_ip_version() -> None:
    flows = [
        make_flow(OUTSIDE, WEB),
        make_flow("203.0.113.9", WEB),
        make_flow(V6, "fd00::1"),
        make_flow(OUTSIDE, WEB, 53, UDP),
    ]
    assert made(*flows, language="calico", everything=True).peers() == {
        "x/Pod/web ingress": [
            "2001:db8::5/128 80/TCP",
            "203.0.113.7/32, 203.0.113.9/32 80/TCP",
            "203.0.113.7/32 53/UDP",
        ]
    }

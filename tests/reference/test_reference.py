"""What the reference says in every corner that decides a verdict; a test's name states the fact."""

from __future__ import annotations

import pytest

from flowcheck.model.cluster import Cluster, Namespace, Node, Pod
from flowcheck.model.options import Options
from flowcheck.model.policy import AddressBlock, Anyone, DomainNames, NodeQuery, PodQuery, Policy
from flowcheck.model.protocols import SCTP, TCP, UDP
from flowcheck.model.service import Service
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Judgement, Reference
from tests.builders import (
    allow,
    block,
    deny,
    in_namespace,
    in_namespaces,
    make_admin,
    make_baseline,
    make_cluster,
    make_flow,
    make_namespace,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_template,
    passing,
    require,
    select,
)

A, B, OUTSIDE = "10.244.0.1", "10.244.0.2", "192.0.2.1"
A6, B6 = "fd00:244::1", "fd00:244::2"
ICMP, ICMPV6 = 1, 58
ALLOW, DENY, UNKNOWN, NONE = Verdict.ALLOW, Verdict.DENY, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
Object = Namespace | Node | Pod | Service | Policy


def judge(
    *objects: Object, src: str = A, dst: str = B, port: int | None = 80, protocol: int = TCP, **options: str
) -> Judgement:
    """Pod x/a at A and pod x/b at B with these objects: TCP 80 from a to b unless said otherwise."""
    own = {f"{o.namespace}/{o.name}" for o in objects if isinstance(o, Pod)}
    pods = [
        pod
        for pod in (make_pod("a", A, labels="app=a"), make_pod("b", B, labels="app=b", ports="web=80"))
        if f"{pod.namespace}/{pod.name}" not in own
    ]
    cluster = make_cluster(*pods, *objects)
    return Reference(cluster, Options(**options)).judge(make_flow(src, dst, port, protocol))  # type: ignore[arg-type]


def ingress(*objects: Object, **flow: str | int | None) -> Verdict:
    return judge(*objects, **flow).ingress.verdict  # type: ignore[arg-type]


def egress(*objects: Object, **flow: str | int | None) -> Verdict:
    return judge(*objects, **flow).egress.verdict  # type: ignore[arg-type]


# -- isolation ---------------------------------------------------------------------------------------


def test_without_policies_everything_between_pods_is_allowed_by_nobody() -> None:
    judged = judge()
    assert (judged.verdict, judged.egress.decided_by, judged.ingress.decided_by) == (ALLOW, "", "")


def test_a_policy_without_rules_denies_by_default_and_is_named() -> None:
    judged = judge(make_policy("p", ingress=()))
    assert judged.ingress.verdict is DENY
    assert judged.ingress.decided_by == "default-deny by NetworkPolicy/x/p"
    assert judged.verdict is DENY


def test_policies_that_isolate_are_named_in_order_of_name() -> None:
    judged = judge(make_policy("q", ingress=()), make_policy("p", ingress=()))
    assert judged.ingress.decided_by == "default-deny by NetworkPolicy/x/p, NetworkPolicy/x/q"


def test_isolation_in_one_direction_leaves_the_other_alone() -> None:
    judged = judge(make_policy(egress=()))
    assert (judged.egress.verdict, judged.ingress.verdict) == (DENY, ALLOW)


def test_a_policy_of_another_namespace_selects_nobody_here() -> None:
    assert ingress(make_policy("y/p", ingress=())) is ALLOW


def test_a_deciding_rule_is_named_by_its_place() -> None:
    judged = judge(make_policy("p", ingress=[allow(block("192.0.2.0/24")), allow(in_namespace())]))
    assert judged.ingress.decided_by == "NetworkPolicy/x/p[ingress[1]]"


def test_absent_peers_are_everybody_and_empty_peers_nobody() -> None:
    assert ingress(make_policy(ingress=[allow(None)]), src=OUTSIDE) is ALLOW
    assert ingress(make_policy(ingress=[allow(())]), src=OUTSIDE) is DENY


def test_policies_add_up() -> None:
    assert ingress(make_policy("p", ingress=()), make_policy("q", ingress=[allow()])) is ALLOW


def test_a_rule_needs_both_its_peer_and_its_port() -> None:
    policy = make_policy(
        ingress=[allow(in_namespace(pods="app=a"), "81"), allow(in_namespace(pods="app=c"), "80")]
    )
    assert ingress(policy) is DENY


# -- selectors ---------------------------------------------------------------------------------------


def test_an_empty_value_is_not_a_missing_label() -> None:
    policy = make_policy(ingress=[allow(in_namespace(pods="mark="))])
    assert ingress(policy) is DENY
    assert ingress(policy, make_pod("a", A, labels="mark=")) is ALLOW


@pytest.mark.parametrize(
    ("operator", "verdict"), [("NotIn", ALLOW), ("DoesNotExist", ALLOW), ("Exists", DENY)]
)
def test_negative_requirements_hold_without_the_label(operator: str, verdict: Verdict) -> None:
    values = ("v",) if operator == "NotIn" else ()
    peer = PodQuery(namespace="x", pods=require("nokey", operator, *values))
    assert ingress(make_policy(ingress=[allow(peer)])) is verdict


def test_a_namespace_is_selected_by_its_name_label_though_no_manifest_names_it() -> None:
    peer = in_namespaces("kubernetes.io/metadata.name=x")
    cluster = make_cluster(make_pod("a", A), make_pod("b", B), make_policy(ingress=[allow(peer)]))
    bare = Cluster(pods=cluster.pods, policies=cluster.policies)
    assert Reference(bare).judge(make_flow(A, B)).verdict is ALLOW


def test_all_namespaces_are_pods_only() -> None:
    node = make_node("n1", "10.0.0.1")
    policy = make_policy(ingress=[allow(in_namespaces())])
    assert ingress(policy) is ALLOW
    assert ingress(policy, src=OUTSIDE) is DENY
    assert ingress(policy, node, src="10.0.0.1") is DENY


# -- ports -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("port", "verdict"), [(79, DENY), (80, ALLOW), (90, ALLOW), (91, DENY)])
def test_both_ends_of_a_range_count(port: int, verdict: Verdict) -> None:
    assert ingress(make_policy(ingress=[allow(None, "80-90")]), port=port) is verdict


@pytest.mark.parametrize("protocol", [TCP, UDP, SCTP])
def test_a_port_is_of_one_protocol(protocol: int) -> None:
    assert ingress(make_policy(ingress=[allow(None, "any/SCTP")]), protocol=protocol) is (
        ALLOW if protocol == SCTP else DENY
    )


def test_a_named_port_is_looked_up_on_the_destination_in_both_directions() -> None:
    pods = make_pod("a", A, ports="web=81"), make_pod("b", B, ports="web=80")
    into, out = make_policy(ingress=[allow(None, "web")]), make_policy(egress=[allow(None, "web")])
    assert (ingress(into, *pods), ingress(into, *pods, port=81)) == (ALLOW, DENY)
    assert (egress(out, *pods), egress(out, *pods, port=81)) == (ALLOW, DENY)


def test_a_name_with_two_numbers_means_both() -> None:
    pod, policy = make_pod("b", B, ports="web=80 web=8080"), make_policy(ingress=[allow(None, "web")])
    assert [ingress(policy, pod, port=port) for port in (80, 8080, 81)] == [ALLOW, ALLOW, DENY]


def test_a_name_is_one_of_the_rules_protocol() -> None:
    pod = make_pod("b", B, ports="dns=53/UDP dns=5353")
    policy = make_policy(ingress=[allow(None, "dns")])
    assert ingress(policy, pod, port=53, protocol=UDP) is DENY
    assert ingress(policy, pod, port=53) is DENY
    assert ingress(policy, pod, port=5353) is ALLOW


def test_a_name_without_protocol_is_any_the_pod_gives_it() -> None:
    pod, admin = make_pod("b", B, ports="dns=53/UDP dns=5353"), make_admin(ingress=[deny(Anyone(), "dns/*")])
    assert ingress(admin, pod, port=53, protocol=UDP) is DENY
    assert ingress(admin, pod, port=53) is ALLOW
    assert ingress(admin, pod, port=5353) is DENY


def test_a_name_matches_no_external_destination_but_isolates() -> None:
    assert egress(make_policy(egress=[allow(None, "web")]), dst=OUTSIDE) is DENY


def test_an_unnamed_container_port_has_no_empty_name() -> None:
    judged = judge(make_pod("b", B, ports="=80"), make_policy(ingress=[allow(None, "web")]))
    assert judged.verdict is DENY


# -- no port, no ports -------------------------------------------------------------------------------


def test_without_a_port_a_verdict_all_ports_share_stands() -> None:
    judged = judge(make_policy(ingress=[allow(None, "any")]), port=None)
    assert (judged.verdict, judged.ingress.decided_by) == (ALLOW, "NetworkPolicy/x/p[ingress[0]]")


def test_without_a_port_rules_that_agree_leave_nobody_to_name() -> None:
    judged = judge(make_policy(ingress=[allow(None, "0-79"), allow(None, "80-65535")]), port=None)
    assert (judged.ingress.verdict, judged.ingress.decided_by) == (ALLOW, "")


def test_without_a_port_a_port_that_differs_makes_it_unknown() -> None:
    judged = judge(make_policy(ingress=[allow(None, "65535")]), port=None)
    assert (judged.verdict, judged.reason, judged.ingress.decided_by) == (UNKNOWN, Reason.NO_PORT, "")
    named = judge(make_policy(ingress=[allow(None, "web")]), port=None)
    assert (named.verdict, named.reason) == (UNKNOWN, Reason.NO_PORT)


def test_without_a_port_ports_of_another_protocol_do_not_matter() -> None:
    assert ingress(make_policy(ingress=[allow(None, "80/UDP")]), port=None) is DENY


def test_icmp_to_an_isolated_pod_is_unknown_or_denied_by_choice() -> None:
    policy = make_policy(ingress=[allow(None, "any")])
    judged = judge(policy, protocol=ICMP, port=None)
    assert (judged.verdict, judged.reason, judged.ingress.decided_by) == (UNKNOWN, Reason.NO_PORT, "")
    strict = judge(policy, protocol=ICMP, port=None, icmp="policy")
    assert (strict.verdict, strict.ingress.decided_by) == (DENY, "default-deny by NetworkPolicy/x/p")


@pytest.mark.parametrize("port", [None, 80])
def test_icmp_is_admitted_by_a_rule_without_ports_whatever_port_is_recorded(port: int | None) -> None:
    assert ingress(make_policy(ingress=[allow(in_namespace())]), protocol=ICMPV6, port=port) is ALLOW
    assert ingress(make_policy(ingress=[allow(in_namespace(), "80")]), protocol=ICMP, port=port) is UNKNOWN


def test_icmp_is_denied_by_an_admin_rule_without_ports() -> None:
    assert ingress(make_admin(ingress=[deny(in_namespaces())]), protocol=ICMP, port=None) is DENY
    assert ingress(make_admin(ingress=[deny(in_namespaces(), "80")]), protocol=ICMP, port=None) is ALLOW


# -- address blocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "verdict"), [("yes", ALLOW), ("no", DENY), ("unknown", UNKNOWN)])
def test_an_ip_block_matches_pods_by_choice(choice: str, verdict: Verdict) -> None:
    judged = judge(make_policy(ingress=[allow(block("10.244.0.0/24"))]), ipblock_matches_pods=choice)
    assert judged.ingress.verdict is verdict
    assert judged.reason is (Reason.UNSUPPORTED_FIELD if verdict is UNKNOWN else Reason.NONE)


def test_an_ip_block_that_changes_nothing_leaves_no_doubt_and_the_sure_rule_is_named() -> None:
    policy = make_policy(ingress=[allow(block("10.244.0.0/24")), allow(in_namespace())])
    judged = judge(policy, ipblock_matches_pods="unknown")
    assert (judged.ingress.verdict, judged.ingress.decided_by) == (ALLOW, "NetworkPolicy/x/p[ingress[1]]")


@pytest.mark.parametrize("choice", ["yes", "no", "unknown"])
def test_networks_and_outside_addresses_match_whatever_is_chosen(choice: str) -> None:
    networks = make_admin(ingress=[deny(block("10.244.0.0/24", pods=True))])
    assert judge(networks, ipblock_matches_pods=choice).verdict is DENY
    policy, node = make_policy(ingress=[allow(block("0.0.0.0/0"))]), make_node("n", "10.0.0.1")
    assert judge(policy, src=OUTSIDE, ipblock_matches_pods=choice).verdict is ALLOW
    assert judge(policy, node, src="10.0.0.1", ipblock_matches_pods=choice).verdict is ALLOW


def test_an_exception_is_of_its_block_only() -> None:
    gap = block("10.244.0.0/24", "10.244.0.0/30")
    assert ingress(make_policy(ingress=[allow(gap)])) is DENY
    assert ingress(make_policy(ingress=[allow([gap, block(f"{A}/32")])])) is ALLOW


def test_all_of_ipv4_is_nothing_of_ipv6() -> None:
    policy = make_policy(ingress=[allow(block("0.0.0.0/0"))])
    pods = make_pod("a", A, A6), make_pod("b", B, B6)
    assert ingress(policy, *pods) is ALLOW
    assert ingress(policy, *pods, src=A6, dst=B6) is DENY


def test_a_block_matches_only_the_address_of_the_flow() -> None:
    policy = make_policy(ingress=[allow(block(f"{A6}/128"))])
    pods = make_pod("a", A, A6), make_pod("b", B, B6)
    assert ingress(policy, *pods, src=A6, dst=B6) is ALLOW
    assert ingress(policy, *pods) is DENY


def test_an_end_without_address_is_in_no_block() -> None:
    policy = make_policy(ingress=[allow(block("0.0.0.0/0")), allow(block("::/0"))])
    assert ingress(policy, make_pod("a"), src="x/a", dst="x/b") is DENY


# -- who is at an address ----------------------------------------------------------------------------


def test_both_addresses_of_a_dual_stack_pod_are_the_pod() -> None:
    pods = make_pod("a", A, A6), make_pod("b", B, B6)
    assert (judge(*pods, src=A6, dst=B6).src, judge(*pods, src=A6, dst=B6).dst) == ("x/Pod/a", "x/Pod/b")


def test_an_ipv4_mapped_address_is_the_ipv4_address() -> None:
    assert judge(src=f"::ffff:{A}", dst="::ffff:192.0.2.1").src == "x/Pod/a"
    assert judge(src=f"::ffff:{A}", dst="::ffff:192.0.2.1").dst == OUTSIDE


def test_between_two_outside_addresses_nothing_applies() -> None:
    judged = judge(make_policy(ingress=()), src=OUTSIDE, dst="192.0.2.2")
    assert (judged.verdict, judged.egress.verdict, judged.ingress.verdict) == (NONE, NONE, NONE)


def test_a_finished_pod_has_lost_its_address() -> None:
    judged = judge(make_pod("done", A, finished=True))
    assert judged.src == "x/Pod/a"


def test_an_address_two_pods_have_is_ambiguous() -> None:
    judged = judge(make_pod("c", A))
    assert (judged.verdict, judged.reason, judged.src) == (UNKNOWN, Reason.AMBIGUOUS_SRC, A)
    assert judge(make_pod("c", B)).reason is Reason.AMBIGUOUS_DST


def test_an_address_a_pod_and_a_node_have_is_ambiguous() -> None:
    assert judge(make_node("n1", A)).reason is Reason.AMBIGUOUS_SRC


def test_a_host_network_pod_is_its_node_and_no_selector_finds_it() -> None:
    pod = make_pod("h", "10.0.0.1", labels="app=a", node="n1", host_network=True)
    policies = make_policy("p", ingress=[allow(in_namespace())]), make_policy("q", egress=())
    for source in ("10.0.0.1", "x/h"):
        judged = judge(pod, *policies, make_node("n1", "10.0.0.1"), src=source)
        assert judged.src == "Node/n1"
        assert (judged.egress.verdict, judged.ingress.verdict) == (NONE, DENY)


def test_a_host_network_pod_that_names_no_node_is_the_node_at_its_address() -> None:
    pod = make_pod("h", "10.0.0.1", host_network=True)
    for source in ("10.0.0.1", "x/h"):
        assert judge(pod, make_node("n1", "10.0.0.1"), src=source).src == "Node/n1"
        assert judge(pod, src=source).src == "Node/10.0.0.1"


def test_a_host_address_is_the_node_though_the_node_is_not_known() -> None:
    judged = judge(make_pod("c", "10.244.0.3", node="n9", host_address="10.0.0.9"), src="10.0.0.9")
    assert judged.src == "Node/n9"


def test_a_service_address_is_unresolved_under_its_name() -> None:
    judged = judge(make_service("web", "10.96.0.1"), dst="10.96.0.1")
    assert (judged.dst, judged.reason, judged.verdict) == ("x/Service/web", Reason.UNRESOLVED_DST, UNKNOWN)


def test_a_pod_at_a_services_external_address_is_the_pod() -> None:
    assert judge(make_service("web", external_ips=(B,))).dst == "x/Pod/b"


def test_an_unowned_address_in_a_pod_range_is_unresolved() -> None:
    node = make_node("n1", "10.0.0.1", pod_cidrs=["10.244.0.0/24"])
    judged = judge(node, src="10.244.0.99")
    assert (judged.src, judged.reason) == ("10.244.0.99", Reason.UNRESOLVED_SRC)
    assert (judged.egress.verdict, judged.ingress.verdict) == (UNKNOWN, UNKNOWN)


def test_the_sources_reason_wins() -> None:
    node = make_node("n1", pod_cidrs=["10.244.0.0/24"])
    assert judge(node, make_pod("c", B), src="10.244.0.99").reason is Reason.UNRESOLVED_SRC


def test_an_unknown_initiator_wins_over_everything_and_names_stay() -> None:
    cluster = make_cluster(make_pod("a", A), make_policy(egress=()))
    judged = Reference(cluster).judge(make_flow(A, None, initiator=0))
    assert (judged.src, judged.verdict, judged.reason) == ("x/Pod/a", UNKNOWN, Reason.UNKNOWN_INITIATOR)
    assert judged.egress == judged.ingress
    assert Reference(cluster).judge(make_flow(A, OUTSIDE, initiator=1)).verdict is DENY


# -- names -------------------------------------------------------------------------------------------


def test_a_pod_is_found_by_name_unless_it_is_finished() -> None:
    assert judge(src="x/a", dst="x/b").verdict is ALLOW
    assert judge(make_pod("a", A, finished=True), src="x/a").reason is Reason.UNRESOLVED_SRC


def test_a_name_is_believed_before_an_address() -> None:
    cluster = make_cluster(make_pod("a", A), make_pod("b", B))
    judged = Reference(cluster).judge(make_flow(A, B, src_namespace="x", src_pod="b"))
    assert (judged.src, judged.disagrees_src) == ("x/Pod/b", True)


def test_a_template_stands_for_its_workload() -> None:
    template = make_template("x/web", labels="app=a")
    cluster = make_cluster(
        template, make_pod("b", B), make_policy(ingress=[allow(in_namespace(pods="app=a"))])
    )
    judged = Reference(cluster).judge(make_flow(None, B, src_namespace="x", src_workload="web"))
    assert (judged.src, judged.verdict) == ("x/Deployment/web", ALLOW)


@pytest.mark.parametrize(("labels", "reason"), [("app=a", Reason.NONE), ("app=c", Reason.AMBIGUOUS_SRC)])
def test_the_pods_of_a_workload_must_agree(labels: str, reason: Reason) -> None:
    pods = (
        make_pod("w1", A, labels="app=a", workload="Deployment/w"),
        make_pod("w2", labels=labels, workload="Deployment/w"),
    )
    policy = make_policy(subject="app=b", ingress=[allow(in_namespace(pods="app=a"))])
    cluster = make_cluster(*pods, make_pod("b", B, labels="app=b"), policy)
    judged = Reference(cluster).judge(make_flow(None, B, src_namespace="x", src_workload="w"))
    assert (judged.src, judged.reason) == ("x/Deployment/w", reason)


def test_the_addresses_of_a_named_pod_must_agree() -> None:
    policy = make_policy(subject="app=b", ingress=[allow(block("0.0.0.0/0"))])
    assert judge(policy, make_pod("a", A, A6), src="x/a").reason is Reason.AMBIGUOUS_SRC
    assert judge(make_policy(ingress=()), make_pod("a", A, A6), src="x/a").verdict is DENY


# -- self and node -----------------------------------------------------------------------------------


def test_a_pods_traffic_to_itself_is_allowed() -> None:
    policy = make_policy(ingress=(), egress=())
    for dst in (A, A6):
        judged = judge(policy, make_pod("a", A, A6), dst=dst)
        assert (judged.egress.verdict, judged.ingress.verdict, judged.ingress.decided_by) == (
            ALLOW,
            ALLOW,
            "",
        )


def test_a_node_reaches_its_own_pods_but_not_those_elsewhere() -> None:
    nodes = make_node("n1", "10.0.0.1"), make_node("n2", "10.0.0.2")
    pod, policy = make_pod("b", B, node="n1"), make_policy(ingress=())
    assert ingress(*nodes, pod, policy, src="10.0.0.1") is ALLOW
    assert ingress(*nodes, pod, policy, src="10.0.0.2") is DENY
    assert ingress(*nodes, pod, make_admin(ingress=[deny(Anyone())]), src="10.0.0.1") is ALLOW


def test_a_pods_traffic_to_its_own_node_is_judged() -> None:
    node, pod = make_node("n1", "10.0.0.1"), make_pod("a", A, node="n1")
    assert egress(node, pod, make_policy(egress=()), dst="10.0.0.1") is DENY


# -- tiers -------------------------------------------------------------------------------------------


def test_admin_decides_before_network_policies_and_they_before_baseline() -> None:
    closed, opened = make_policy(ingress=()), make_policy(ingress=[allow()])
    assert ingress(make_admin(ingress=[allow(in_namespaces())]), closed) is ALLOW
    assert ingress(make_admin(ingress=[deny(in_namespaces())]), opened) is DENY
    assert ingress(opened, make_baseline(ingress=[deny(in_namespaces())])) is ALLOW
    assert ingress(closed, make_baseline(ingress=[allow(in_namespaces())])) is DENY


def test_baseline_applies_where_no_policy_isolates_that_direction() -> None:
    base = make_baseline(ingress=[deny(in_namespaces())])
    assert ingress(make_policy(egress=[allow()]), base) is DENY
    assert ingress(make_policy(ingress=[allow()]), base) is ALLOW


def test_the_lower_priority_is_asked_first_then_the_name() -> None:
    first = make_admin("z", priority=1, ingress=[deny(in_namespaces())])
    second = make_admin("a", priority=2, ingress=[allow(in_namespaces())])
    assert ingress(second, first) is DENY
    tied = make_admin("a", priority=1, ingress=[allow(in_namespaces())])
    assert judge(first, tied).ingress.decided_by == "ClusterNetworkPolicy/a[ingress[0]]"


def test_rules_are_asked_as_written() -> None:
    assert ingress(make_admin(ingress=[deny(in_namespaces(), "80"), allow(in_namespaces())])) is DENY


def test_pass_leaves_the_tier() -> None:
    admin = make_admin("a", ingress=[passing(in_namespaces()), deny(in_namespaces())])
    later = make_admin("b", ingress=[deny(in_namespaces())])
    assert ingress(admin, later) is ALLOW
    assert ingress(admin, later, make_policy(ingress=())) is DENY
    assert ingress(admin, make_baseline(ingress=[deny(in_namespaces())])) is DENY


def test_pass_in_baseline_is_allow_by_nobody() -> None:
    judged = judge(make_baseline(ingress=[passing(in_namespaces()), deny(in_namespaces())]))
    assert (judged.ingress.verdict, judged.ingress.decided_by) == (ALLOW, "")


def test_admin_rules_isolate_nobody() -> None:
    assert ingress(make_admin(ingress=[allow(in_namespaces(), "81")])) is ALLOW


def test_node_peers_are_nodes_by_label() -> None:
    nodes = make_node("n1", "10.0.0.1", labels="role=db"), make_node("n2", "10.0.0.2")
    admin = make_admin(egress=[deny(NodeQuery(select("role=db")))])
    assert [egress(*nodes, admin, dst=f"10.0.0.{n}") for n in (1, 2, 3)] == [DENY, ALLOW, ALLOW]


def test_anyone_is_outside_and_node_too() -> None:
    admin = make_admin(egress=[deny(Anyone())])
    assert egress(admin, dst=OUTSIDE) is DENY


def test_domain_names_are_unknown_where_they_would_change_the_verdict() -> None:
    names = allow(DomainNames(("example.com",)), "443")
    admin = make_admin(egress=[names, deny(block("0.0.0.0/0", pods=True))])
    outside = judge(admin, dst=OUTSIDE, port=443)
    assert (outside.verdict, outside.reason) == (UNKNOWN, Reason.NEEDS_DNS)
    assert egress(admin, dst=OUTSIDE, port=80) is DENY
    assert egress(admin, port=443) is DENY
    assert egress(make_admin(egress=[names]), dst=OUTSIDE, port=443) is ALLOW


def test_deny_beats_unknown_beats_allow() -> None:
    doubtful = make_policy("p", subject="app=a", egress=[allow(None, "80")])
    assert judge(doubtful, port=None).reason is Reason.NO_PORT
    assert judge(doubtful, make_policy("q", subject="app=b", ingress=()), port=None).verdict is DENY


def test_a_namespace_selector_and_a_pod_selector_in_one_peer_are_both_needed() -> None:
    y = make_namespace("y", "team=t")
    pods = make_pod("y/a", "10.244.1.1", labels="app=a"), make_pod("y/c", "10.244.1.2")
    policy = make_policy(ingress=[allow(in_namespaces("team=t", "app=a"))])
    assert [ingress(y, *pods, policy, src=src) for src in (A, "10.244.1.1", "10.244.1.2")] == [
        DENY,
        ALLOW,
        DENY,
    ]


def test_a_block_may_be_kept_from_pods() -> None:
    assert ingress(make_policy(ingress=[allow(AddressBlock("0.0.0.0/0", may_match_pods=False))])) is DENY

"""One fact of an explanation at a time, on the smallest cluster that shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

import flowcheck
from flowcheck.compile import compile_program
from flowcheck.errors import CompileError, RunError
from flowcheck.explaining import Explanation, explain
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import RuleStep
from flowcheck.explaining.walk import InconsistentError, checked, exempt
from flowcheck.model.cluster import Cluster, ContainerPort, Workload
from flowcheck.model.instants import instant_of
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, DomainNames
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.service import Backend, EndpointSlice, ServicePort
from flowcheck.model.timeline import BEGINNING, END, Lifetime
from flowcheck.model.verdict import Reason, Verdict
from tests.builders import (
    allow,
    block,
    deny,
    in_namespace,
    in_namespaces,
    make_admin,
    make_baseline,
    make_cluster,
    make_namespace,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    passing,
)
from tests.explaining.apply import apply

WEB = make_pod("a/web", "10.0.0.1", labels="app=web", node="n1")
DB = make_pod("b/db", "10.0.0.2", labels="app=db", ports="sql=5432", node="n1")
CLOSED = make_policy("b/closed", ingress=())


def ask(
    *objects: Any, src: str = "a/web", dst: str = "b/db", port: int | None = 5432, **more: Any
) -> Explanation:
    options = more.pop("options", Options())
    return explain(compile_program(make_cluster(*objects), options), src=src, dst=dst, port=port, **more)


def rules(answer: Explanation, side: str = "ingress") -> list[RuleStep]:
    tiers = getattr(answer.cases[0], side).tiers
    return [rule for tier in tiers for policy in tier.policies for rule in policy.rules]


def test_it_is_a_public_name() -> None:
    assert flowcheck.explain is explain


class TestWhy:
    def test_a_label_that_differs_and_one_that_lacks(self) -> None:
        peers = [in_namespace("a", "app=api"), in_namespace("a", "tier=edge")]
        (rule,) = rules(ask(WEB, DB, make_policy("b/p", ingress=[allow(peers)])))
        assert [check.why for check in rule.peers] == [
            "the source has app=web",
            "the source has no label tier",
        ]

    def test_a_namespace_label(self) -> None:
        policy = make_policy("b/p", ingress=[allow(in_namespaces("team=x"))])
        (rule,) = rules(ask(make_namespace("a", "team=y"), WEB, DB, policy))
        assert rule.peers[0].why == "namespace a has team=y"

    @pytest.mark.parametrize(
        ("ports", "why"),
        [
            ("80", "the flow goes to 5432/TCP"),
            ("5432/UDP", "the flow goes to 5432/TCP"),
            ("http", "the destination has no port of that name (it has sql=5432/TCP): nothing matches there"),
            ("sql/UDP", "on the destination it is 5432/TCP, and the rule wants UDP"),
        ],
    )
    def test_a_port(self, ports: str, why: str) -> None:
        (rule,) = rules(ask(WEB, DB, make_policy("b/p", ingress=[allow(ports=ports)])))
        assert (rule.outcome, rule.ports[0].why) == ("not_matched", why)

    def test_a_name_that_only_the_service_has(self) -> None:
        service = make_service("b/db", "10.96.0.1", ports=(ServicePort("pg", TCP, 5432, 5432),))
        (rule,) = rules(ask(WEB, DB, service, make_policy("b/p", ingress=[allow(ports="pg")])))
        assert rule.ports[0].why.endswith("; pg is a port of b/Service/db, which does not count")

    def test_a_selector_does_not_reach_the_host_network(self) -> None:
        host = make_pod("b/agent", "10.0.9.1", labels="app=agent", node="n2", host_network=True)
        policy = make_policy("a/p", egress=[allow(in_namespaces(pods="app=agent"))])
        answer = ask(WEB, host, make_node("n2", "10.0.9.1"), policy, dst="b/agent")
        (rule,) = rules(answer, "egress")
        assert (
            rule.peers[0].why == "the destination is a node, which selectors do not select (an ipBlock does)"
        )
        assert answer.dst.notes == (
            "on the host network: to policies it is its node, n2, which no selector of pods or namespaces "
            "selects, and an ipBlock around its address does",
        )

    def test_a_secondary_interface(self) -> None:
        two = replace(DB, secondary_addresses=("192.168.5.1",))
        policy = make_policy("a/p", egress=[allow(in_namespaces(pods="app=db"))])
        answer = ask(WEB, two, policy, CLOSED, dst="192.168.5.1")
        assert (answer.dst.kind, answer.dst.name) == ("secondary", "b/Pod/db (secondary interface)")
        (rule,) = rules(answer, "egress")
        assert rule.peers[0].why == "the destination is on a network beside the cluster's, not a pod"
        case = answer.cases[0]
        assert (case.egress.verdict, case.ingress.verdict) == ("deny", "not_applicable")
        assert "is not on the cluster's network, the only one that policies are for" in case.ingress.why

    def test_a_named_port_with_another_number(self) -> None:
        (rule,) = rules(ask(WEB, DB, make_policy("b/p", ingress=[allow(ports="sql")]), port=80))
        assert rule.ports[0].why == "on the destination it is 5432/TCP, not 80/TCP"

    def test_an_exception_of_a_block(self) -> None:
        policy = make_policy("b/p", ingress=[allow(block("192.0.2.0/24", "192.0.2.128/25"))])
        answer = ask(WEB, DB, policy, src="192.0.2.200")
        assert rules(answer)[0].peers[0].why == "192.0.2.200 is in the exception 192.0.2.128/25"
        assert answer.change is not None
        assert "may be kept out on purpose" in answer.change.notes[0]

    def test_rules_after_the_deciding_one_are_not_asked(self) -> None:
        answer = ask(WEB, DB, make_policy("b/p", ingress=[allow(), allow(ports="80")]))
        assert [rule.outcome for rule in rules(answer)] == ["matched", "not_asked"]

    def test_tiers_in_order_up_to_the_one_that_decides(self) -> None:
        admin = make_admin(ingress=[passing(in_namespaces())])
        answer = ask(WEB, DB, admin, CLOSED, make_baseline(ingress=[allow(in_namespaces())]))
        side = answer.cases[0].ingress
        assert [(tier.tier, tier.ended) for tier in side.tiers] == [("Admin", False), ("NetworkPolicy", True)]
        assert side.decided_by == "default-deny by NetworkPolicy/b/closed"

    def test_no_policy(self) -> None:
        answer = ask(WEB, DB)
        assert (answer.verdict, answer.why) == ("allow", "both sides allow it")
        assert "no policy selects the source for egress" in answer.cases[0].egress.why


class TestExemptions:
    def test_a_pod_and_itself(self) -> None:
        answer = ask(WEB, DB, CLOSED, src="b/db")
        assert answer.verdict == "allow"
        assert "may always talk to itself" in answer.cases[0].ingress.why

    def test_a_pod_and_itself_where_policies_are_asked(self) -> None:
        answer = ask(WEB, DB, CLOSED, src="b/db", options=Options(same_pod="policy"))
        assert answer.verdict == "deny"
        assert answer.cases[0].ingress.decided_by.startswith("default-deny by")

    def test_a_pods_own_node(self) -> None:
        answer = ask(WEB, DB, CLOSED, make_node("n1", "10.9.0.1"), src="10.9.0.1")
        assert answer.verdict == "allow"
        assert "own node" in answer.cases[0].ingress.why

    def test_egress_to_the_pods_own_node_is_judged_and_said_to_be(self) -> None:
        nodes = make_node("n1", "10.9.0.1"), make_node("n2", "10.9.0.2")
        policy = make_policy("a/p", egress=())
        own, other = (ask(WEB, *nodes, policy, dst=dst).cases[0].egress for dst in ("10.9.0.1", "10.9.0.2"))
        assert (own.verdict, other.verdict) == ("deny", "deny")
        assert "the node that the pod runs on" in own.why
        assert "the node that the pod runs on" not in other.why

    def test_a_subject_that_is_no_pod(self) -> None:
        answer = ask(WEB, DB, src="192.0.2.1", dst="192.0.2.2")
        assert answer.verdict == "not_applicable"
        assert "outside the cluster" in answer.cases[0].egress.why

    def test_a_pod_on_the_host_network(self) -> None:
        agent = make_pod("a/agent", "10.9.0.1", node="n1", host_network=True)
        answer = ask(agent, DB, make_node("n1", "10.9.0.1"), src="a/agent")
        assert answer.src.name == "Node/n1"
        assert "host network" in answer.src.notes[0]


class TestUnknown:
    def test_domain_names(self) -> None:
        admin = make_admin(egress=[deny(DomainNames(("*.example.com",)))])
        answer = ask(WEB, DB, admin, dst="192.0.2.1")
        assert (answer.verdict, answer.reason) == ("unknown", "needs_dns")
        assert "*.example.com" in rules(answer, "egress")[0].peers[0].text
        assert answer.settle

    def test_blocks_around_pods(self) -> None:
        policy = make_policy("b/p", ingress=[allow(block("10.0.0.0/8"))])
        answer = ask(WEB, DB, policy, options=Options(ipblock_matches_pods="unknown"))
        assert answer.reason == "unsupported_field"
        assert "--ipblock-matches-pods" in answer.settle

    def test_a_rule_that_cannot_be_read(self) -> None:
        odd = replace(deny(in_namespaces("team=b", "app=web"), "80-90"), unread=True)
        for namespaces, verdict in (("team=b", "allow"), ("", "unknown")):
            rule = replace(odd, peers=(in_namespaces(namespaces, "app=web"),))
            answer = ask(WEB, DB, make_admin(ingress=[rule]), port=85)
            assert answer.verdict == verdict
        assert answer.reason == "unsupported_field"
        assert "part of ClusterNetworkPolicy/admin[ingress[0]] cannot be read: allow if" in answer.why
        (check,) = rules(answer, "ingress")[0].peers
        assert (check.match, check.reason) == ("maybe", "unsupported_field")

    def test_a_subject_that_cannot_be_read(self) -> None:
        odd = replace(make_admin(ingress=[deny(in_namespaces())]), unread=True)
        answer = ask(WEB, DB, odd)
        assert (answer.verdict, answer.reason) == ("unknown", "unsupported_field")
        assert "part of the subject of ClusterNetworkPolicy/admin cannot be read" in answer.why
        assert "see the warnings" in answer.settle

    def test_the_reason_is_that_of_the_first_peer_that_may_be_this_one(self) -> None:
        """Another peer of the same rule hangs on a namespace's labels too, and stands before: for others."""
        space = replace(make_namespace("a"), described=False)
        peers = [
            in_namespaces("team=t", "app=other"),
            block("10.0.0.0/8"),
            in_namespaces("team=t", "app=web"),
        ]
        other = make_pod("a/other", "10.0.0.9", labels="app=other")
        policy = make_policy("b/p", ingress=[allow(peers)])
        answer = ask(WEB, DB, other, space, policy, options=Options(ipblock_matches_pods="unknown"))
        assert answer.reason == "unsupported_field"

    def test_very_many_open_questions(self) -> None:
        """More than Python may recurse; each is asked in turn."""
        space = replace(make_namespace("a"), described=False)
        peers = [in_namespaces(f"team=t{n}") for n in range(1500)]
        policy = make_policy("b/p", ingress=[allow(peers)])
        answer = ask(WEB, DB, space, policy)
        assert (answer.verdict, answer.reason) == ("unknown", "no_namespace")

    def test_icmp(self) -> None:
        answer = ask(WEB, DB, CLOSED, port=None, protocol="icmp")
        assert (answer.reason, answer.protocol, answer.port) == ("no_port", "ICMP", None)
        assert "--icmp policy" in answer.settle

    def test_an_address_nobody_has(self) -> None:
        answer = ask(WEB, DB, make_node("n1", "10.9.0.1", pod_cidrs=["10.0.0.0/24"]), dst="10.0.0.77")
        assert (answer.verdict, answer.reason) == ("unknown", "unresolved_dst")
        lies = "10.0.0.77 lies in 10.0.0.0/24, where pods get their addresses (Node podCIDRs)"
        assert answer.why == f"{lies}, but no known pod has it"

    @pytest.mark.parametrize(
        ("dst", "settle"),
        [
            ("10.0.0.99", "take the snapshot at the time of the traffic, or name the pod"),
            ("10.0.0.2", "ask for the one that is meant by its name, as NS/POD"),
            ("192.168.5.1", "ask for the one that is meant by its name, as NS/POD"),
        ],
    )
    def test_advice_is_given_only_where_it_helps(self, dst: str, settle: str) -> None:
        other = make_pod("b/db2", "10.0.0.2", "192.168.5.1")
        node = make_node("n1", pod_cidrs=["10.0.0.0/24"])
        two = replace(DB, secondary_addresses=("192.168.5.1",))
        assert ask(WEB, two, other, node, dst=dst).settle == settle

    def test_a_services_address_as_source_has_no_better_time(self) -> None:
        service = make_service("b/db", "10.96.0.1", ports=(ServicePort("", TCP, 5432, 5432),))
        answer = ask(WEB, DB, service, src="10.96.0.1")
        assert answer.settle == "ask for a pod behind it by its name, as NS/POD"

    def test_an_address_that_several_have(self) -> None:
        answer = ask(WEB, DB, make_pod("b/twin", "10.0.0.2"), dst="10.0.0.2")
        assert answer.reason == "ambiguous_dst"
        assert "b/Pod/db, b/Pod/twin" in answer.why


def with_service(cluster: Cluster, slices: bool, target: int | str = "sql") -> Cluster:
    port = ServicePort("main", TCP, 443, target)
    service = make_service("b/db", "10.96.0.1", ports=(port,), selector={"app": "db"})
    listed = EndpointSlice("b", "db", (ServicePort("main", TCP, 5432, 5432),), (Backend("10.0.0.2", "db"),))
    return replace(cluster, services=(service,), slices=(listed,) if slices else ())


class TestServices:
    @pytest.mark.parametrize("slices", [True, False])
    @pytest.mark.parametrize("dst", ["b/svc/db", "10.96.0.1"])
    def test_the_backends_port_is_judged(self, slices: bool, dst: str) -> None:
        policy = make_policy("b/p", ingress=[allow(ports="5432")])
        program = compile_program(with_service(make_cluster(WEB, DB, policy), slices))
        answer = explain(program, src="a/web", dst=dst, port=443)
        assert (answer.verdict, answer.port, answer.cases[0].port) == ("allow", 443, 5432)
        assert "port 443/TCP is translated to 5432 on the backends" in answer.dst.notes

    def test_a_nodes_address_and_node_port_are_the_service(self) -> None:
        port = ServicePort("main", 6, 443, 5432, 30443)
        service = make_service("b/db", "10.96.0.1", ports=(port,), type="NodePort", selector={"app": "db"})
        policy = make_policy("b/p", ingress=[allow(ports="5432")])
        program = compile_program(make_cluster(WEB, DB, make_node("n1", "10.9.0.1"), service, policy))
        answer = explain(program, src="a/web", dst="10.9.0.1", port=30443)
        assert (answer.verdict, answer.cases[0].port) == ("allow", 5432)
        assert "port 30443 of every node leads to the Service b/db" in answer.dst.notes
        assert explain(program, src="a/web", dst="10.9.0.1", port=443).dst.kind == "node"

    def test_services_that_share_an_address_are_told_apart_by_port(self) -> None:
        one = make_service("b/one", ports=make_service_ports("80:8080"), external_ips=("192.0.2.9",))
        two = make_service("b/two", ports=make_service_ports("90:5432"), external_ips=("192.0.2.9",))
        two = replace(two, selector={"app": "db"})
        program = compile_program(make_cluster(WEB, DB, CLOSED, one, two, make_node("n1", "192.0.2.9")))
        answer = explain(program, src="a/web", dst="192.0.2.9", port=90)
        assert (answer.verdict, answer.dst.name, answer.cases[0].port) == ("deny", "b/Service/two", 5432)
        assert "192.0.2.9 is also the address of b/one: the port tells which" in answer.dst.notes
        assert explain(program, src="a/web", dst="192.0.2.9", port=22).dst.name == "Node/n1"
        alone = compile_program(make_cluster(WEB, DB, one, two))
        with pytest.raises(RunError, match=r"Services b/one and b/two at 192.0.2.9 have no port 22/TCP"):
            explain(alone, src="a/web", dst="192.0.2.9", port=22)

    def test_a_host_port_is_the_pod(self) -> None:
        pod = replace(DB, node="n1", ports=(ContainerPort("sql", 5432, TCP, 54),))
        program = compile_program(make_cluster(WEB, pod, CLOSED, make_node("n1", "10.9.0.1")))
        answer = explain(program, src="a/web", dst="10.9.0.1", port=54)
        assert (answer.verdict, answer.dst.name, answer.cases[0].port) == ("deny", "b/Pod/db", 5432)
        assert "port 54/TCP of Node/n1 is a host port, of port 5432 of the pod" in answer.dst.notes

    def test_a_name_in_dns(self) -> None:
        service = make_service("b/out", type="ExternalName", external_name="db.example.com")
        cluster = replace(make_cluster(WEB, DB, service), slices=with_service(make_cluster(), True).slices)
        answer = explain(compile_program(cluster), src="a/web", dst="b/svc/out", port=443)
        assert (answer.verdict, answer.cases) == ("unknown", ())
        assert "it is a name in DNS for db.example.com" in answer.dst.notes[0]

    def test_backends_of_one_node(self) -> None:
        there, other = replace(DB, node="n1"), make_pod("b/db2", "10.0.0.3", labels="app=db", node="n2")
        cluster = with_service(make_cluster(replace(WEB, node="n2"), there, other, CLOSED), slices=False)
        (service,) = cluster.services
        service = replace(service, internal_traffic_policy="Local", ports=make_service_ports("main=443:5432"))
        program = compile_program(replace(cluster, services=(service,)))
        answer = explain(program, src="a/web", dst="b/svc/db", port=443)
        assert answer.cases[0].destinations == ("b/Pod/db2",)
        note = "internalTrafficPolicy: Local: only backends on Node/n2, the client's node, are asked"
        assert note in answer.dst.notes

    @pytest.mark.parametrize(
        ("policy", "src", "note", "external"),
        [
            ("Cluster", "a/web", "2 backends of 4 are not ready: they are left out", {"192.0.2.1"}),
            (
                *("Local", "a/web"),
                "1 backends of 2 on Node/n1 are not ready: they are left out",
                {"192.0.2.1"},
            ),
            (
                *("Local", "a/other"),
                "1 backends of 1 on Node/n2 are not ready: those that serve to the end are judged",
                {"192.0.2.2"},
            ),
            (
                *("Local", "198.51.100.1"),
                "2 backends of 4 are not ready: "
                "those that serve to the end are judged where no other on their node is ready",
                {"192.0.2.1", "192.0.2.2"},
            ),
        ],
    )
    def test_backends_that_end_by_the_node_that_is_asked(
        self, policy: str, src: str, note: str, external: set[str]
    ) -> None:
        other = make_pod("a/other", "10.0.0.9", node="n2")
        ending = {"ready": False, "terminating": True}
        cluster = with_service(make_cluster(WEB, DB, other), slices=True)
        (service,), (listed,) = cluster.services, cluster.slices
        backends = (
            Backend("192.0.2.1", node="n1"),
            Backend("192.0.2.3", node="n1", **ending),
            Backend("192.0.2.2", node="n2", **ending),
            Backend("10.0.0.2", "db", node="n3"),
        )
        service = replace(service, internal_traffic_policy=policy)
        cluster = replace(cluster, services=(service,), slices=(replace(listed, backends=backends),))
        answer = explain(compile_program(cluster), src=src, dst="b/svc/db", port=443)
        assert note in answer.dst.notes
        found = {end for case in answer.cases for end in case.destinations}
        assert found - {"b/Pod/db"} == external

    def test_slices_whose_port_has_another_name(self) -> None:
        cluster = with_service(make_cluster(WEB, DB), slices=True)
        (listed,) = cluster.slices
        unnamed = replace(listed, ports=(ServicePort("", TCP, 5432, 5432),))
        for slices, words in (((unnamed,), "one without a name"), ((replace(listed, ports=()),), "no ports")):
            program = compile_program(replace(cluster, slices=slices))
            answer = explain(program, src="a/web", dst="b/svc/db", port=443)
            assert (answer.reason, answer.settle) == ("unresolved_dst", "")
            assert words in answer.dst.notes[0]

    def test_a_rule_for_the_services_own_address(self) -> None:
        policy = make_policy("a/p", egress=[allow(block("10.96.0.1/32"))])
        program = compile_program(with_service(make_cluster(WEB, DB, policy), slices=True))
        answer = explain(program, src="a/web", dst="b/svc/db", port=443)
        (peer,) = answer.cases[0].egress.tiers[0].policies[0].rules[0].peers
        assert "10.96.0.1 is the address of the Service b/db" in peer.why

    def test_backends_that_differ(self) -> None:
        other = make_pod("b/db2", "10.0.0.3", labels="app=db", ports="sql=6000")
        policy = make_policy("b/p", ingress=[allow(ports="6000")])
        program = compile_program(with_service(make_cluster(WEB, DB, other, policy), slices=False))
        answer = explain(program, src="a/web", dst="b/svc/db", port=443)
        assert (answer.verdict, answer.reason) == ("unknown", "service_backends_differ")
        assert answer.why == "its backends differ: allow for 1, deny for 1"

    def test_backends_that_are_unknown_for_reasons_of_their_own(self) -> None:
        node = replace(make_node("n1", "10.9.0.1"), device_addresses=("10.0.0.2",))
        cluster = with_service(make_cluster(WEB, DB, CLOSED, node), slices=True)
        (listed,) = cluster.slices
        both = replace(listed, backends=(Backend("10.0.0.2"), Backend("10.0.0.99")))
        program = compile_program(replace(cluster, slices=(both,)), Options(cluster_ranges=("10.0.0.0/24",)))
        answer = explain(program, src="a/web", dst="b/svc/db", port=443)
        assert [case.reason for case in answer.cases] == ["ambiguous_dst", "unresolved_dst"]
        assert (answer.verdict, answer.reason) == ("unknown", "ambiguous_dst")

    def test_a_service_without_backends(self) -> None:
        program = compile_program(with_service(make_cluster(WEB), slices=False))
        answer = explain(program, src="a/web", dst="b/svc/db", port=443)
        assert (answer.verdict, answer.reason, answer.cases) == ("unknown", "unresolved_dst", ())

    def test_a_port_the_service_does_not_have(self) -> None:
        program = compile_program(with_service(make_cluster(WEB, DB), slices=False))
        with pytest.raises(RunError, match=r"no port 5432/TCP \(it has 443/TCP \(main\)"):
            explain(program, src="a/web", dst="b/svc/db", port=5432)


class TestTime:
    def test_the_policies_and_owners_of_an_instant_are_explained(self) -> None:
        noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
        before, after = Lifetime.exact(BEGINNING, instant_of(noon)), Lifetime.exact(instant_of(noon), END)
        closed = replace(make_policy("b/p", ingress=()), lifetime=before)
        opened = replace(make_policy("b/p", ingress=[allow(ports="5432")]), lifetime=after)
        gone = replace(make_pod("b/gone", "10.0.0.9"), lifetime=before)
        program = compile_program(make_cluster(WEB, DB, gone, closed, opened))
        earlier = noon - timedelta(hours=1)
        assert explain(program, src="a/web", dst="b/db", port=5432, at=earlier).verdict == "deny"
        assert explain(program, src="a/web", dst="b/db", port=5432).verdict == "allow"
        assert explain(program, src="a/web", dst="10.0.0.9", port=80, at=earlier).dst.name == "b/Pod/gone"
        with pytest.raises(RunError, match="there is no"):
            explain(program, src="a/web", dst="b/gone", port=80)

    def test_an_address_that_passed_on_is_whose_it_surely_is(self) -> None:
        """As an audit has it, while nobody knows when the one before went, who may be asked for by name."""
        hours = [instant_of(datetime(2026, 11, 1, hour, tzinfo=UTC)) for hour in (11, 12, 14)]
        seen, taken, missed = hours
        gone = replace(make_pod("b/gone", "10.0.0.9"), lifetime=Lifetime(BEGINNING, missed, BEGINNING, seen))
        here = replace(make_pod("b/here", "10.0.0.9"), lifetime=Lifetime.exact(taken, END))
        closed = make_policy("b/p", ingress=())
        program = compile_program(make_cluster(WEB, gone, here, closed))
        at = datetime(2026, 11, 1, 13, tzinfo=UTC)
        answer = explain(program, src="a/web", dst="10.0.0.9", port=80, at=at)
        flow = {"start_time": [at], "src_ip": ["10.0.0.1"], "dst_ip": ["10.0.0.9"]}
        ports = {"dst_port": pa.array([80], pa.uint16()), "protocol": pa.array([6], pa.uint8())}
        (row,) = flowcheck.evaluate(program, pa.table({**flow, **ports})).to_pylist()
        assert (answer.dst.name, answer.verdict) == ("b/Pod/here", "deny") == (row["dst"], row["verdict"])
        assert explain(program, src="a/web", dst="b/gone", port=80, at=at).dst.name == "b/Pod/gone"


class TestChange:
    def test_both_sides(self) -> None:
        cluster = make_cluster(WEB, DB, CLOSED, make_policy("a/closed", egress=()))
        answer = explain(compile_program(cluster), src="a/web", dst="b/db", port=5432)
        assert answer.change is not None
        assert [edit.direction for edit in answer.change.edits] == ["egress", "ingress"]
        after = explain(compile_program(apply(cluster, answer.change)), src="a/web", dst="b/db", port=5432)
        assert after.verdict == "allow"

    def test_a_policy_for_these_pods_only_gets_the_rule(self) -> None:
        policy = make_policy("b/db", subject="app=db", ingress=[allow(ports="80")])
        answer = ask(WEB, DB, make_pod("b/other", "10.0.0.9"), CLOSED, policy)
        assert answer.change is not None
        assert answer.change.edits[0].policy == "NetworkPolicy/b/db"

    def test_labels_that_roll_outs_change_are_not_used(self) -> None:
        db = replace(DB, labels={"app": "db", "pod-template-hash": "1", "tier": "x"})
        answer = ask(WEB, db, make_pod("b/other", "10.0.0.9"), CLOSED)
        assert answer.change is not None
        assert "pod-template-hash" not in answer.change.edits[0].yaml
        assert "app: db" in answer.change.edits[0].yaml

    def test_an_admin_rule_is_named_and_no_network_policy_proposed(self) -> None:
        answer = ask(WEB, DB, make_admin(ingress=[deny(in_namespaces())]))
        assert answer.change is not None
        assert (answer.change.sufficient, answer.change.edits) == (False, ())
        assert "ClusterNetworkPolicy/admin[ingress[0]]" in answer.change.notes[0]

    def test_an_ipv6_address(self) -> None:
        answer = ask(WEB, DB, CLOSED, src="2001:db8::1")
        assert answer.change is not None
        assert "2001:db8::1/128" in answer.change.edits[0].yaml

    def test_nothing_where_nothing_is_denied(self) -> None:
        assert ask(WEB, DB).change is None


class TestAsking:
    def test_a_name_nobody_has(self) -> None:
        with pytest.raises(RunError, match=r"there is no pod or workload b/dv \(did you mean b/db"):
            ask(WEB, DB, dst="b/dv")

    def test_the_same_name_in_another_namespace(self) -> None:
        with pytest.raises(RunError, match="did you mean b/db"):
            ask(WEB, DB, dst="a/db")

    def test_a_finished_pod(self) -> None:
        with pytest.raises(RunError, match="has finished"):
            ask(WEB, replace(DB, finished=True))

    @pytest.mark.parametrize("name", ["web", "a/b/c/d", "/", "a//b", ""])
    def test_what_names_no_end(self, name: str) -> None:
        with pytest.raises(RunError, match="names no end of a connection"):
            ask(WEB, DB, dst=name)

    @pytest.mark.parametrize("name", ["b/Pod/db", "b/po/db"])
    def test_names_as_reports_print_them(self, name: str) -> None:
        assert ask(WEB, DB, dst=name).dst.name == "b/Pod/db"

    @pytest.mark.parametrize(
        "name", ["a/web-5d", "a/ReplicaSet/web-5d", "a/deployment.apps/front", "a/front"]
    )
    def test_any_link_of_the_chain_of_owners(self, name: str) -> None:
        owned = replace(
            WEB,
            workload=Workload("Deployment", "a", "front"),
            owners=(Workload("ReplicaSet", "a", "web-5d"),),
        )
        assert ask(owned, DB, src=name).src.name == "a/Deployment/front"

    def test_udp(self) -> None:
        answer = ask(WEB, DB, make_policy("b/p", ingress=[allow(ports="53/UDP")]), port=53, protocol=UDP)
        assert (answer.verdict, answer.protocol) == ("allow", "UDP")

    @pytest.mark.parametrize(("port", "protocol"), [(0, "TCP"), (None, "TCP"), (80, "XYZ"), (80, 256)])
    def test_ports_and_protocols_there_cannot_be(self, port: int | None, protocol: str | int) -> None:
        with pytest.raises(ValueError, match=r"port|protocol"):
            ask(WEB, DB, port=port, protocol=protocol)

    def test_a_program_as_workers_get_it(self) -> None:
        program = compile_program(make_cluster(WEB, DB)).without_cluster()
        assert program.cluster is None
        with pytest.raises(CompileError):
            explain(program, src="a/web", dst="b/db")


def test_a_walk_that_differs_from_the_program_stops() -> None:
    program = compile_program(make_cluster(WEB, DB))
    assert explain(program, src="a/web", dst="b/db").verdict == "allow"
    end = type("Candidate", (), {"name": "x"})()
    question = Asked(make_cluster(), Options(), Direction.INGRESS, end, end, TCP, 80)
    walked = exempt(question, Verdict.ALLOW, "")
    with pytest.raises(InconsistentError):
        checked(walked, Verdict.DENY, Reason.NONE, "")

"""What the values mean that only engines' policies are made of: expectations by hand, for both paths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from flowcheck.model.cluster import ContainerPort
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.options import Options
from flowcheck.model.peers import (
    Account,
    AllOf,
    AnyOf,
    Backends,
    Called,
    Family,
    InSets,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Peer,
    ServicePods,
    Where,
    labelled,
)
from flowcheck.model.policy import Action, AddressBlock, Direction, Policy, Rule
from flowcheck.model.ports import (
    NamedPort,
    PortRange,
    Ports,
    PortsBut,
    ProtocolsBut,
    ServicePorts,
    icmp_range,
)
from flowcheck.model.protocols import ICMP, TCP, UDP
from flowcheck.model.ranges import AddressSet
from flowcheck.model.service import Backend, EndpointSlice, ServicePort
from flowcheck.model.tiers import Tier
from flowcheck.model.verdict import Reason
from flowcheck.reference import Tuple5
from tests.builders import make_cluster, make_namespace, make_node, make_pod, make_service, select
from tests.tools.conformance import PATHS, judge

A, A6, B, C, D = "10.0.0.1", "fd00::1", "10.0.0.2", "10.0.0.3", "10.0.0.9"
N1, N2, OUTSIDE = "10.9.0.1", "10.9.0.2", "192.0.2.9"
UNKNOWN = Where(labelled(Of.ACCOUNT, select("may=all")))
"""Open for pod d, whose account nobody describes."""
WEB = ContainerPort("web", 80, TCP), ContainerPort("web", 81, TCP)
PODS = (
    make_pod("a", A, A6, labels="app=a", node="n1"),
    replace(
        make_pod("b", B, labels="app=b", node="n1"),
        ports=(*WEB, ContainerPort("side", 90, TCP, sidecar=True)),
        init_ports=(ContainerPort("setup", 91, TCP),),
    ),
    replace(make_pod("d", D, labels="app=d", node="n2"), account="other"),
    replace(make_pod("y/c", C, labels="app=c", node="n2"), account="robot"),
)
SERVICE = make_service("web", "10.96.0.1", selector={"app": "b"})
SLICE = EndpointSlice(
    "x", "web", (ServicePort("", TCP, 81, 81),), (Backend(B), Backend(OUTSIDE, ready=False))
)
SETS = (
    AddressSet("GlobalNetworkSet", "", "wide", ("192.0.2.0/24", "10.0.0.0/30"), {"zone": "dmz"}),
    AddressSet("NetworkSet", "y", "own", ("192.0.2.9/32",), {}),
    AddressSet("NetworkSet", "x", "ours", ("198.51.100.7/32",), {}),
)
CLUSTER = replace(
    make_cluster(
        *(*PODS, make_namespace("x", "team=t"), make_namespace("y"), SERVICE),
        *(make_node("n1", N1, labels="role=db"), make_node("n2", N2)),
    ),
    slices=(SLICE,),
    sets=SETS,
    accounts={("y", "robot"): {"may": "all"}, ("x", "default"): {}},
)
LAST = Tier("Normal", 200, denies=True, asked_last=True, by_level=True)
FIRST = Tier("security", 1, denies=True)
IS_POD, IS_NODE = IsA(Kind.POD), IsA(Kind.NODE)
OWN_NODE, OTHER_NODE = Where(IsA(Kind.OWN_NODE)), Where(AllOf((IS_NODE, Not(IsA(Kind.OWN_NODE)))))
BY_POLICY = Options(own_node="policy", icmp="policy")


def pods(text: str) -> Where:
    return Where(AllOf((IS_POD, labelled(Of.OWN, select(text)))))


def allow(peers: Peer | None = None, *ports: Ports, **tweaks: Any) -> Rule:
    made = Rule("", Action.ALLOW, None if peers is None else (peers,), ports or None)
    return replace(made, **tweaks)


def deny(peers: Peer | None = None, *ports: Ports, **tweaks: Any) -> Rule:
    return replace(allow(peers, *ports, **tweaks), action=Action.DENY)


def passing(peers: Peer | None = None) -> Rule:
    return replace(allow(peers), action=Action.PASS)


def policy(name: str, *ingress: Rule, tier: Tier = FIRST, isolates: bool = True, **tweaks: Any) -> Policy:
    """For pod b, on the way in."""
    rules = tuple(replace(rule, label=f"ingress[{n}]") for n, rule in enumerate(ingress))
    by = frozenset((Direction.INGRESS,) if isolates else ())
    made = Policy("EnginePolicy", "x", name, tier, pods("app=b"), isolates=by, ingress=rules)
    return replace(made, **tweaks)


def flow(src: str, port: int | None = 80, protocol: int = TCP, dst: str = B, **tweaks: Any) -> Tuple5:
    return Tuple5(src, dst, protocol, port, **tweaks)


def not_in(key: str, value: str) -> Requirement:
    return Requirement(key, Operator.NOT_IN, frozenset((value,)))


def in_space(value: str) -> Labelled:
    return Labelled(Of.NAMESPACE, Requirement("team", Operator.IN, frozenset((value,))))


def ping(src: str, type_: int | None, code: int | None = 0) -> Tuple5:
    return flow(src, None, ICMP, icmp_type=type_, icmp_code=code)


BASE = Tier("Baseline", 250, by_level=True)
LOOSE = replace(FIRST, name="loose", denies=False)
PING = icmp_range(ICMP, 8)
NOT_WEB = PortsBut(TCP, None, (NamedPort("web", TCP),))

WORLDS: dict[str, tuple[Iterable[Policy], Options, list[tuple[Tuple5, str]]]] = {
    "a tier that denies is the end for whom it isolates": (
        (policy("p", allow(pods("app=a"))), policy("q", allow(), tier=replace(FIRST, order=2, name="later"))),
        *(Options(), [(flow(A), "allow"), (flow(C), "deny")]),
    ),
    "a tier that passes is not": (
        (policy("p", deny(pods("app=a")), tier=LOOSE), policy("q", allow(pods("app=c")))),
        *(Options(), [(flow(A), "deny"), (flow(C), "allow"), (flow(OUTSIDE), "deny")]),
    ),
    "pass leaves the tier and its default": (
        (policy("p", passing(pods("app=a"))), policy("q", deny(pods("app=c")), tier=BASE, isolates=False)),
        *(Options(), [(flow(A), "allow"), (flow(C), "deny")]),
    ),
    "a default that is asked last is asked after Baseline": (
        (
            policy("p", tier=LAST),
            policy("q", allow(pods("app=a")), deny(pods("app=c")), tier=BASE, isolates=False),
        ),
        *(Options(icmp="policy"), [(flow(A), "allow"), (flow(C), "deny"), (flow(OUTSIDE), "deny")]),
    ),
    "within a level deny, allow, pass, whatever the order": (
        (policy("p", passing(), allow(), tier=LAST), policy("q", deny(pods("app=a")), tier=LAST)),
        *(Options(), [(flow(A), "deny"), (flow(C), "allow")]),
    ),
    "levels interleave policies": (
        (
            policy("p", allow(pods("app=a"), level=0.0), deny(level=0.02), tier=LAST),
            policy("q", allow(pods("app=c"), level=0.01), deny(pods("app=a"), level=0.01), tier=LAST),
        ),
        *(Options(), [(flow(A), "allow"), (flow(C), "allow"), (flow(OUTSIDE), "deny")]),
    ),
    "own node and others": (
        (
            policy("p", allow(OWN_NODE), tier=LAST),
            policy("q", allow(OTHER_NODE, PortRange(TCP, 81, 81)), tier=LAST),
        ),
        *(
            BY_POLICY,
            [(flow(N1), "allow"), (flow(N2), "deny"), (flow(N2, 81), "allow"), (flow(OUTSIDE), "deny")],
        ),
    ),
    "own node and others, on the way out": (
        (
            replace(
                policy("p"),
                isolates=frozenset((Direction.EGRESS,)),
                egress=(
                    allow(OWN_NODE, label="egress[0]"),
                    allow(OTHER_NODE, PortRange(TCP, 81, 81), label="egress[1]"),
                ),
            ),
        ),
        Options(),
        [
            *((flow(B, dst=N1), "allow"), (flow(B, dst=N2), "deny"), (flow(B, 81, dst=N2), "allow")),
            (flow(B, dst=OUTSIDE), "deny"),
        ],
    ),
    "an own node can be denied": (
        (policy("p", deny(OWN_NODE), allow()),),
        *(BY_POLICY, [(flow(N1), "deny"), (flow(N2), "allow")]),
    ),
    "but not where it is let in whatever policies say": (
        (policy("p", deny(OWN_NODE), allow()),),
        *(Options(), [(flow(N1), "allow"), (flow(N2), "allow")]),
    ),
    "outside, cluster and families": (
        (
            policy("p", allow(Where(IsA(Kind.OUTSIDE)), PortRange(TCP, 80, 80)), tier=LAST),
            policy("q", allow(Where(Not(IsA(Kind.OUTSIDE))), PortRange(TCP, 81, 81)), tier=LAST),
            policy("r", allow(Where(Family(6)), PortRange(TCP, 82, 82)), tier=LAST),
        ),
        BY_POLICY,
        [
            *((flow(OUTSIDE), "allow"), (flow(OUTSIDE, 81), "deny"), (flow(A, 81), "allow")),
            *((flow(N1, 81), "allow"), (flow(A6, 82), "allow"), (flow(A, 82), "deny")),
        ],
    ),
    "absent labels: of things, and of ends": (
        (
            policy("p", allow(Where(Labelled(Of.OWN, not_in("app", "a"))), PortRange(TCP, 80, 80))),
            policy("q", allow(Not(pods("app=a")), PortRange(TCP, 81, 81))),
            policy(
                "r",
                allow(Where(AllOf((IS_POD, Labelled(Of.OWN, not_in("app", "a"))))), PortRange(TCP, 82, 82)),
            ),
        ),
        Options(),
        [
            *((flow(A), "deny"), (flow(C), "allow"), (flow(OUTSIDE), "allow"), (flow(A, 81), "deny")),
            *((flow(OUTSIDE, 81), "allow"), (flow(OUTSIDE, 82), "deny"), (flow(C, 82), "allow")),
        ],
    ),
    "labels of namespaces and accounts": (
        (
            policy("p", allow(Where(AllOf((IS_POD, in_space("t")))), PortRange(TCP, 80, 80))),
            policy("q", allow(Where(Account(frozenset(("robot",)))), PortRange(TCP, 81, 81))),
            policy("r", allow(Where(labelled(Of.ACCOUNT, select("may=all"))), PortRange(TCP, 82, 82))),
        ),
        Options(),
        [
            *((flow(A), "allow"), (flow(C), "deny"), (flow(A, 81), "deny"), (flow(C, 81), "allow")),
            *((flow(A, 82), "deny"), (flow(C, 82), "allow"), (flow(N2, 82), "deny")),
        ],
    ),
    "sets of addresses": (
        (
            policy("p", allow(InSets(labelled(Of.OWN, select("zone=dmz")), True), PortRange(TCP, 80, 80))),
            policy("q", allow(InSets(Called("own", "y")), PortRange(TCP, 81, 81))),
            policy("r", allow(InSets(Called("own")), PortRange(TCP, 82, 82))),
            policy("s", allow(InSets(Called("wide"), False), PortRange(TCP, 83, 83))),
        ),
        Options(),
        [
            *((flow(OUTSIDE), "allow"), (flow(A), "allow"), (flow(A6), "deny"), (flow(OUTSIDE, 81), "allow")),
            *((flow(OUTSIDE, 82), "deny"), (flow(A, 83), "deny"), (flow(OUTSIDE, 83), "allow")),
        ],
    ),
    "blocks and what they count for": (
        (
            policy(
                "p",
                allow(AddressBlock("10.0.0.0/8", (), True, may_match_nodes=False), PortRange(TCP, 80, 80)),
            ),
            policy("q", allow(AddressBlock("fd00::/16", (), True), PortRange(TCP, 81, 81))),
            policy("r", allow(AddressBlock("fd00::/16", (), True, whole=True), PortRange(TCP, 82, 82))),
            policy(
                "s",
                allow(AddressBlock("10.0.0.0/8", ("fd00::/16",), True, whole=True), PortRange(TCP, 83, 83)),
            ),
        ),
        BY_POLICY,
        [
            *((flow(A), "allow"), (flow(N2), "deny"), (flow(A, 81), "deny"), (flow(A6, 81), "allow")),
            *((flow(A, 82), "allow"), (flow(C, 82), "deny"), (flow(A, 83), "deny"), (flow(C, 83), "allow")),
        ],
    ),
    "a rule's own subjects": (
        (policy("p", allow(subject=pods("app=c")), deny(), subject=Where(IS_POD)),),
        *(Options(), [(flow(A), "deny"), (flow(A, dst=C), "allow")]),
    ),
    "only some subjects are isolated": (
        (
            policy(
                "p",
                subject=Where(IS_POD),
                isolated=((Direction.INGRESS, pods("app=c")),),
            ),
        ),
        *(Options(), [(flow(A), "allow"), (flow(A, dst=C), "deny")]),
    ),
    "Services as peers and as ports": (
        (
            replace(
                policy("p"),
                subject=pods("app=a"),
                isolates=frozenset((Direction.EGRESS,)),
                egress=(
                    allow(Backends("x", "web"), PortRange(TCP, 80, 80), label="egress[0]"),
                    allow(None, ServicePorts("x", "web"), label="egress[1]"),
                    allow(ServicePods("x", "web"), PortRange(TCP, 82, 82), label="egress[2]"),
                    allow(ServicePods(None, "none"), PortRange(TCP, 83, 83), label="egress[3]"),
                ),
            ),
        ),
        Options(),
        [
            *((flow(A), "allow"), (flow(A, dst=OUTSIDE), "allow"), (flow(A, dst=C), "deny")),
            *((flow(A, 81), "allow"), (flow(A, 81, dst=OUTSIDE), "allow"), (flow(A, 81, dst=C), "deny")),
            *((flow(A, 81, UDP), "deny"), (flow(A, 82), "allow"), (flow(A, 82, dst=OUTSIDE), "deny")),
            *((flow(A, 83), "unknown unsupported_field"), (flow(A, 84), "deny")),
        ],
    ),
    "ICMP by type and code": (
        (
            policy(
                "p",
                allow(pods("app=a"), PING),
                allow(pods("app=c"), icmp_range(ICMP, 3, 1)),
                allow(None, PortRange(TCP)),
            ),
        ),
        BY_POLICY,
        [
            *(
                (ping(A, 8), "allow"),
                (ping(A, 8, 3), "allow"),
                (ping(A, 0), "deny"),
                (ping(C, 3, 1), "allow"),
            ),
            *((ping(C, 3, 0), "deny"), (ping(A, None), "unknown no_port"), (flow(A), "allow")),
            *((flow(A, None, 58), "deny"), (flow(A, None, 47), "deny"), (ping(OUTSIDE, None), "deny")),
        ],
    ),
    "protocols and all but some": (
        (
            policy(
                "p",
                allow(pods("app=a"), PortRange(47)),
                allow(pods("app=c"), ProtocolsBut(frozenset((TCP, 47)))),
            ),
            policy(
                "q",
                allow(
                    Where(IsA(Kind.OUTSIDE)),
                    PortsBut(TCP, (PortRange(TCP, 80, 90),), (PortRange(TCP, 85, 86),)),
                ),
            ),
        ),
        BY_POLICY,
        [
            *((flow(A, None, 47), "allow"), (flow(A, None, 112), "deny"), (flow(A), "deny")),
            *((flow(C, None, 47), "deny"), (flow(C, None, 112), "allow"), (flow(C), "deny")),
            *((flow(C, 53, UDP), "allow"), (flow(OUTSIDE, 84), "allow"), (flow(OUTSIDE, 85), "deny")),
            *((flow(OUTSIDE, 87), "allow"), (flow(OUTSIDE, 91), "deny"), (flow(OUTSIDE, 84, UDP), "deny")),
        ],
    ),
    "names: all of them, ranges from them, and all but them": (
        (
            policy(
                "p",
                allow(pods("app=a"), NamedPort("web", TCP)),
                allow(pods("app=c"), NamedPort("web", TCP, 85)),
            ),
            policy("q", allow(Where(IsA(Kind.OUTSIDE)), NOT_WEB)),
        ),
        Options(),
        [
            *((flow(A, 80), "allow"), (flow(A, 81), "allow"), (flow(A, 82), "deny"), (flow(C, 85), "allow")),
            *((flow(C, 86), "deny"), (flow(OUTSIDE, 80), "deny"), (flow(OUTSIDE, 82), "allow")),
        ],
    ),
    "names: the last": (
        (policy("p", allow(pods("app=a"), NamedPort("web", TCP)), allow(Where(IsA(Kind.OUTSIDE)), NOT_WEB)),),
        Options(same_port_name="last"),
        [
            (flow(A, 80), "deny"),
            (flow(A, 81), "allow"),
            (flow(OUTSIDE, 80), "allow"),
            (flow(OUTSIDE, 81), "deny"),
        ],
    ),
    **{
        f"names in {names}": (
            (policy("p", allow(None, NamedPort("side", TCP)), allow(None, NamedPort("setup", TCP))),),
            Options(port_names=names),
            [(flow(A, 90), "allow" if side else "deny"), (flow(A, 91), "allow" if setup else "deny")],
        )
        for names, side, setup in (("containers", 0, 0), ("sidecars", 1, 0), ("init", 1, 1))
    },
    "sets by the labels of their namespaces, Services by their own": (
        (
            policy("p", allow(InSets(in_space("t")), PortRange(TCP, 80, 80))),
            policy("q", allow(ServicePods("x", None, select("is=web")), PortRange(TCP, 81, 81))),
            policy("r", allow(InSets(Not(in_space("t"))), PortRange(TCP, 82, 82))),
        ),
        Options(),
        [
            *((flow(OUTSIDE), "deny"), (flow("198.51.100.7"), "allow"), (flow(OUTSIDE, 82), "allow")),
            *((flow("198.51.100.7", 82), "deny"), (flow(A, 81), "unknown unsupported_field")),
        ],
    ),
    "what a rule needs beside is open": (
        (
            policy(
                "p",
                allow(pods("app=a"), needs=Reason.NEEDS_L7),
                allow(pods("app=c"), needs=Reason.NEEDS_L7),
                allow(pods("app=c")),
            ),
        ),
        *(Options(), [(flow(A), "unknown needs_l7"), (flow(C), "allow"), (flow(OUTSIDE), "deny")]),
    ),
    "two open questions are one more": (
        (
            policy(
                "p", allow(subject=UNKNOWN), subject=Where(IS_POD), isolates=False, needs=Reason.NO_NAMESPACE
            ),
            policy(
                "p",
                deny(),
                subject=Where(IS_POD),
                isolates=False,
                needs=Reason.NO_NAMESPACE,
                priority=2,
                tie="2",
            ),
        ),
        *(
            Options(),
            [
                (flow(A, dst=D), "unknown no_namespace"),
                (flow(A, dst=C), "allow"),
                (flow(A), "unknown no_namespace"),
            ],
        ),
    ),
    "staged policies are left out": (
        (policy("p", deny(), staged=True),),
        *(Options(), [(flow(A), "allow")]),
    ),
    "unless they are asked for": (
        (policy("p", deny(), staged=True),),
        *(Options(staged=True), [(flow(A), "deny")]),
    ),
    "whom a policy may isolate": (
        (
            policy("p", allow(pods("app=c")), needs=Reason.NO_NAMESPACE),
            policy("q", allow(pods("app=a")), isolates=False, tier=replace(FIRST, order=2, name="later")),
        ),
        *(Options(icmp="policy"), [(flow(C), "allow"), (flow(A), "unknown no_namespace")]),
    ),
    "not, all and any of what is open": (
        (
            policy(
                "p",
                allow(Not(UNKNOWN), PortRange(TCP, 80, 80)),
                allow(AllOf((UNKNOWN, pods("app=q"))), PortRange(TCP, 81, 81)),
            ),
            policy("q", allow(AllOf((UNKNOWN, pods("app=d"))), PortRange(TCP, 82, 82))),
            policy("r", allow(AnyOf((UNKNOWN, pods("app=q"))), PortRange(TCP, 83, 83))),
            policy("s", allow(AnyOf((UNKNOWN, pods("app=d"))), PortRange(TCP, 84, 84))),
        ),
        Options(),
        [
            *((flow(D), "unknown no_service_account"), (flow(D, 81), "deny"), (flow(A), "allow")),
            *((flow(D, 82), "unknown no_service_account"), (flow(D, 83), "unknown no_service_account")),
            *((flow(D, 84), "allow"), (flow(A, 84), "deny")),
        ],
    ),
    "nodes are subjects where asked": (
        (
            policy("p", subject=Where(AllOf((IS_NODE, labelled(Of.OWN, select("role=db")))))),
            policy("q", subject=Where(Called("n2"))),
        ),
        *(
            Options(host_policies=True),
            [(flow(OUTSIDE, dst=N1), "deny"), (flow(OUTSIDE, dst=N2), "deny"), (flow(A), "allow")],
        ),
    ),
    "and else they are not": (
        (policy("p", subject=Where(AnyOf((IS_NODE, IS_POD)))),),
        *(Options(), [(flow(OUTSIDE, dst=N1), "not_applicable"), (flow(OUTSIDE), "deny")]),
    ),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", list(WORLDS))
def test_what_is_said_is_what_is_meant(name: str, path: str) -> None:
    policies, options, checks = WORLDS[name]
    cluster = replace(CLUSTER, policies=tuple(policies))
    answers = judge(path, cluster, [flow for flow, _ in checks], options)
    said = [f"{answer.verdict} {answer.reason}".strip() for answer in answers]
    wanted = [verdict for _, verdict in checks]
    assert list(zip([f for f, _ in checks], said, strict=True)) == list(
        zip([f for f, _ in checks], wanted, strict=True)
    )

"""Random policies that say all that the model can, made of dice: see ``strategies.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Namespace
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.options import Options
from flowcheck.model.peers import (
    Account,
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    Called,
    DomainNames,
    Expression,
    Family,
    InSets,
    IsA,
    Kind,
    Labelled,
    NodeQuery,
    Not,
    Of,
    Peer,
    PodQuery,
    ServicePods,
    Subject,
    Where,
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
from flowcheck.model.protocols import ICMP, ICMPV6, TCP, UDP
from flowcheck.model.ranges import AddressSet
from flowcheck.model.service import Service
from flowcheck.model.tiers import Tier
from flowcheck.model.verdict import Reason
from flowcheck.reference import Tuple5
from tests.agreement.dice import Dice
from tests.agreement.policies import BLOCKS, KEYS, RANGES, SUBNETS, VALUES, labels, selector, space_selector

CALICO = (
    Tier("security", 10, denies=True),
    Tier("kube-admin", 1000),
    Tier("default", 1_000_000, denies=True),
    Tier("loose", 2_000_000),
    Tier("zone", 2_000_000, denies=True),
    Tier("lost", inf, denies=True),
)
CILIUM = (
    Tier("Admin", 100, by_level=True),
    Tier("Normal", 200, denies=True, asked_last=True, by_level=True),
    Tier("Baseline", 250, by_level=True),
    Tier("Default", 255),
)
MIXED = (*CALICO[:2], Tier.ADMIN, Tier.NETWORK_POLICY, Tier.BASELINE, *CILIUM[:3])
NAMED = (
    NamedPort("web", TCP),
    NamedPort("web", None),
    NamedPort("dns", UDP),
    NamedPort("web", TCP, 8085),
    NamedPort("setup", TCP),
    NamedPort("none", TCP),
)
OTHERS: tuple[Ports, ...] = (
    *(icmp_range(ICMP, 8), icmp_range(ICMP), icmp_range(ICMP, 3, 1), icmp_range(ICMPV6, 128)),
    *(PortRange(47), PortRange(112), ProtocolsBut(frozenset((TCP,))), ProtocolsBut(frozenset((47, ICMP)))),
    PortsBut(ICMP, None, (icmp_range(ICMP, 8), icmp_range(ICMP, 3, 0))),
    PortsBut(TCP, None, (PortRange(TCP, 80, 90),)),
    PortsBut(
        TCP, (PortRange(TCP, 0, 443), NamedPort("web", TCP)), (NamedPort("dns", TCP), PortRange(TCP, 81, 81))
    ),
    PortsBut(UDP, None, (NamedPort("dns", UDP), NamedPort("web", UDP))),
    PortsBut(TCP, None, (NamedPort("web", TCP, 8085),)),
)
SOURCES = ((PortRange(TCP, 53, 53),), (PortRange(TCP, 1000), PortRange(TCP, 40, 53)), ())
"""What rules say of the port at the source."""
NEEDS = (Reason.NEEDS_L7, Reason.NEEDS_AUTHENTICATION)


def clause(dice: Dice) -> Requirement:
    operator = dice.one_of((Operator.IN, *Operator))
    key = dice.one_of((*KEYS, *KEYS, "nokey"))
    if operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST):
        return Requirement(key, operator)
    return Requirement(key, operator, frozenset((dice.one_of(VALUES), *dice.some_of(VALUES, 1))))


def leaf(dice: Dice, names: Sequence[str]) -> Expression:
    match dice.below(10):
        case 9:
            return Called(dice.one_of(("node0", "node1")))
        case 0 | 1 | 2:
            return Labelled(Of.OWN, clause(dice))
        case 3:
            return Labelled(Of.NAMESPACE, clause(dice))
        case 4:
            named = Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset((dice.one_of(names),)))
            return Labelled(Of.NAMESPACE, named)
        case 5:
            return Labelled(Of.ACCOUNT, clause(dice))
        case 6:
            return Account(frozenset((dice.one_of(("default", "robot")),)))
        case 7:
            return IsA(dice.one_of((Kind.POD, *Kind)))
        case _:
            return Family(dice.one_of((4, 6)))


def expression(dice: Dice, names: Sequence[str], depth: int = 2) -> Expression:
    match dice.below(6) if depth else 0:
        case 0 | 1:
            return leaf(dice, names)
        case 2 | 3:
            return AllOf(tuple(expression(dice, names, depth - 1) for _ in range(dice.one_of((2, 2, 1, 0)))))
        case 4:
            return AnyOf(tuple(expression(dice, names, depth - 1) for _ in range(dice.one_of((2, 2, 1, 0)))))
        case _:
            return Not(expression(dice, names, depth - 1))


def of_set(dice: Dice, names: Sequence[str]) -> Expression:
    match dice.below(4):
        case 0:
            return Called(dice.one_of(("set0", "set1")), dice.one_of(("", *names)))
        case 1:
            return Labelled(Of.OWN, clause(dice))
        case 2:
            return AllOf((Labelled(Of.OWN, clause(dice)), Labelled(Of.NAMESPACE, clause(dice))))
        case _:
            return Not(AnyOf((Labelled(Of.NAMESPACE, clause(dice)), Called("set0"))))


def one_peer(dice: Dice, names: Sequence[str], services: Sequence[Service]) -> Peer:
    counting = dice.one_of((None, True, False)), dice.chance(60), dice.chance(25)
    match dice.below(10):
        case 0 | 1:
            return Where(expression(dice, names))
        case 2:
            own = IsA(Kind.OWN_NODE)
            others = AllOf((IsA(Kind.NODE), Not(own)))
            return Where(dice.one_of((own, others, AllOf((others, Labelled(Of.OWN, clause(dice)))))))
        case 3:
            return PodQuery(namespace=dice.one_of(names), pods=selector(dice))
        case 4:
            return PodQuery(namespaces=space_selector(dice), pods=selector(dice))
        case 5:
            cidr = dice.one_of(BLOCKS)
            gaps = dice.some_of(SUBNETS[cidr], 2) if SUBNETS[cidr] else ()
            return AddressBlock(cidr, tuple(dict.fromkeys(gaps)), *counting)
        case 6:
            return InSets(of_set(dice, names), *counting)
        case 7 if services:
            service = dice.one_of(services)
            return Backends(service.namespace, service.name)
        case 7 | 8:
            name = dice.one_of((*(service.name for service in services), "nobody"))
            named = dice.chance(60)
            return ServicePods(dice.one_of((None, *names)), name if named else None, selector(dice))
        case _:
            return dice.one_of((Anyone(), NodeQuery(selector(dice)), DomainNames(("*.example.com",))))


def peer(dice: Dice, names: Sequence[str], services: Sequence[Service], depth: int = 2) -> Peer:
    match dice.below(7) if depth else 0:
        case 0 | 1 | 2:
            return one_peer(dice, names, services)
        case 3 | 4:
            return AllOf(
                tuple(peer(dice, names, services, depth - 1) for _ in range(dice.one_of((2, 2, 3, 0))))
            )
        case 5:
            return AnyOf(
                tuple(peer(dice, names, services, depth - 1) for _ in range(dice.one_of((2, 2, 3, 0))))
            )
        case _:
            return Not(peer(dice, names, services, depth - 1))


def ports(dice: Dice, services: Sequence[Service]) -> tuple[Ports, ...] | None:
    if dice.chance(40):
        return None
    served = tuple(ServicePorts(one.namespace, one.name, dice.one_of((None, TCP, UDP))) for one in services)
    choices = (*RANGES, *NAMED, *OTHERS, *served)
    return tuple(dice.far_one_of(choices) for _ in range(1 + dice.below(2)))


def rule(dice: Dice, label: str, names: Sequence[str], services: Sequence[Service], priority: float) -> Rule:
    action = dice.one_of((Action.ALLOW, Action.DENY, Action.PASS, Action.ALLOW, Action.DENY))
    peers: tuple[Peer, ...] | None = None
    if not dice.chance(35):
        peers = tuple(peer(dice, names, services) for _ in range(dice.one_of((1, 1, 2, 0))))
    sources: tuple[PortRange, ...] | None = None
    aims = ports(dice, services)
    if dice.chance(12):
        aims, sources = (dice.one_of(RANGES),), dice.one_of(SOURCES)
    return Rule(
        label,
        action,
        peers,
        aims,
        unread=dice.chance(8),
        needs=dice.one_of(NEEDS) if dice.chance(12) else Reason.NONE,
        subject=peer(dice, names, services, 1) if dice.chance(25) else None,
        level=dice.one_of((priority, priority + 0.01, priority + 1)) if dice.chance(30) else None,
        source_ports=sources,
    )


def subject(dice: Dice, names: Sequence[str]) -> Subject:
    if dice.chance(55):
        return Where(dice.one_of((IsA(Kind.POD), AnyOf((IsA(Kind.POD), IsA(Kind.NODE))))))
    if dice.chance(40):
        return PodQuery(namespace=dice.one_of(names), pods=selector(dice))
    return Where(
        AllOf((IsA(Kind.POD), expression(dice, names))) if dice.chance(80) else expression(dice, names)
    )


def engine_policy(
    place: int,
    faces: bytes,
    tiers: Sequence[Tier],
    namespaces: Sequence[Namespace],
    services: Sequence[Service],
) -> Policy:
    dice = Dice(faces)
    tier, names = dice.one_of(tiers), [namespace.name for namespace in namespaces]
    priority = dice.one_of((0, 0, 0, 1) if tier.by_level else (0, 1, 1, inf))
    whom = subject(dice, names)
    isolates = frozenset(dice.one_of(((), ("ingress",), ("egress",), ("ingress", "egress"))))
    made = Policy(
        dice.one_of(("CiliumNetworkPolicy", "StagedNetworkPolicy")),
        dice.one_of(names),
        f"ep{place}",
        tier,
        whom,
        priority,
        isolates=frozenset(map(Direction, isolates)),
        tie=dice.one_of(("", "b", "a")),
        unread=dice.chance(8),
        staged=dice.chance(15),
        needs=Reason.AMBIGUOUS_POLICY if dice.chance(10) else Reason.NONE,
    )
    if dice.chance(15) and isinstance(whom, Where):
        some = Where(AllOf((whom.what, leaf(dice, names))))
        made = replace(made, isolated=((dice.one_of(tuple(Direction)), some),))
    for direction in Direction:
        numbers = range(dice.one_of((1, 0, 2, 3)))
        rules = tuple(rule(dice, f"{direction}[{n}]", names, services, priority) for n in numbers)
        made = replace(made, **{direction.value: rules})
    return made


def address_set(place: int, faces: bytes, namespaces: Sequence[Namespace]) -> AddressSet:
    dice = Dice(faces)
    namespace = dice.one_of(("", *(one.name for one in namespaces)))
    cidrs = tuple(dict.fromkeys((dice.one_of(BLOCKS), *dice.some_of(BLOCKS, 2))))
    kind = "NetworkSet" if namespace else "GlobalNetworkSet"
    return AddressSet(kind, namespace, f"set{place}", cidrs, labels(dice))


def by_source(world: tuple[Cluster, Options, list[Tuple5]]) -> tuple[Cluster, Options, list[Tuple5]]:
    """The same with rules that go by the port at the source, and flows from there, from beside it and from
    ports that were not recorded."""
    cluster, options, flows = world
    aims = (PortRange(TCP), PortRange(UDP))
    policies = []
    for place, policy in enumerate(cluster.policies):
        for direction in Direction:
            rules = tuple(
                replace(rule, ports=aims, source_ports=SOURCES[n % 2], peers=None if n % 3 else rule.peers)
                if (n + place) % 2 == 0
                else rule
                for n, rule in enumerate(policy.rules(direction), start=place)
            )
            policy = replace(policy, **{direction.value: rules})
        policies.append(policy)
    told = (53, 54, None, 1000, 999, 39)
    asked = [
        replace(flow, src_port=told[n % 6] if flow.protocol in (TCP, UDP) else None, initiator=1)
        for n, flow in enumerate(flows)
    ]
    return replace(cluster, policies=tuple(policies)), options, asked

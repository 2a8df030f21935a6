"""Random selectors and policies, made of dice: see ``strategies.py``."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Namespace
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.protocols import SCTP, TCP, UDP
from tests.agreement.dice import Dice

KEYS = ("app", "tier")
VALUES = ("a", "b", "")
BLOCKS = (
    "10.244.0.0/24",
    "0.0.0.0/0",
    "10.244.0.0/16",
    "10.244.0.0/30",
    "10.244.0.2/32",
    "10.0.0.0/24",
    "10.0.0.10/31",
    "192.0.2.0/24",
    "192.0.2.128/25",
    "192.168.50.0/24",
    "255.255.255.255/32",
    "::/0",
    "fd00:244::/64",
    "fd00:244::2/128",
    "fd00::/16",
    "2001:db8::/32",
)
SUBNETS = {
    cidr: tuple(
        inner
        for inner in BLOCKS
        if inner != cidr
        and ipaddress.ip_network(inner).version == ipaddress.ip_network(cidr).version
        and ipaddress.ip_network(inner).subnet_of(ipaddress.ip_network(cidr))  # type: ignore[arg-type]
    )
    for cidr in BLOCKS
}
RANGES = (
    PortRange(TCP, 80, 80),
    PortRange(TCP),
    PortRange(UDP),
    PortRange(TCP, 80, 90),
    PortRange(UDP, 53, 53),
    PortRange(TCP, 443, 8080),
    PortRange(SCTP, 80, 80),
    PortRange(SCTP),
    PortRange(TCP, 1, 79),
    PortRange(TCP, 65535, 65535),
)


def labels(dice: Dice) -> dict[str, str]:
    given = ((key, dice.one_of((*VALUES, None))) for key in KEYS)
    return {key: value for key, value in given if value is not None}


def selector(dice: Dice) -> Selector:
    requirements = []
    for _ in range(dice.one_of((0, 0, 1, 1, 2))):
        operator = dice.one_of((Operator.IN, *Operator))
        key = dice.one_of((*KEYS, *KEYS, *KEYS, "nokey"))
        valued = operator in (Operator.IN, Operator.NOT_IN)
        values = frozenset((dice.one_of(VALUES), *dice.some_of(VALUES, 1))) if valued else frozenset()
        requirements.append(Requirement(key, operator, values))
    return Selector(tuple(requirements))


def space_selector(dice: Dice) -> Selector:
    """A selector of namespaces, sometimes by their names."""
    found = selector(dice)
    if not dice.chance(15):
        return found
    names = frozenset((dice.one_of(("ns0", "ns1")),))
    named = Requirement(NAMESPACE_NAME_LABEL, dice.one_of((Operator.IN, Operator.NOT_IN)), names)
    return Selector((named, *found.requirements))


def make_block(dice: Dice, may_match_pods: bool | None) -> AddressBlock:
    cidr = dice.one_of(BLOCKS)
    excepts = dice.some_of(SUBNETS[cidr], 2) if SUBNETS[cidr] and may_match_pods is None else ()
    return AddressBlock(cidr, tuple(dict.fromkeys(excepts)), may_match_pods)


def network_policy_peer(dice: Dice, namespace: str) -> Peer:
    match dice.below(4):
        case 0:
            return PodQuery(namespace=namespace, pods=selector(dice))
        case 1:
            return PodQuery(namespaces=space_selector(dice), pods=selector(dice))
        case _:
            return make_block(dice, None)


def admin_peer(dice: Dice, direction: Direction, names_domains: bool) -> Peer:
    match dice.below(7 if direction is Direction.EGRESS else 4):
        case 0 | 1 | 2:
            return PodQuery(namespaces=space_selector(dice), pods=selector(dice))
        case 3:
            return PodQuery(namespaces=selector(dice)) if names_domains else Anyone()
        case 4:
            return NodeQuery(selector(dice))
        case 5 if names_domains:
            return DomainNames(("*.example.com",))
        case _:
            return make_block(dice, True)


def rule_ports(dice: Dice, name_protocols: Sequence[int | None]) -> tuple[Ports, ...] | None:
    """None (everything) often, nothing at all sometimes, else one to three ranges and names."""
    choice = dice.below(10)
    if choice < 3:
        return None
    if choice == 9 and dice.chance(25):
        return ()
    names = tuple(NamedPort(name, protocol) for name in ("web", "dns", "none") for protocol in name_protocols)
    choices: tuple[Ports, ...] = (*RANGES, *names)
    return tuple(dice.one_of(choices) for _ in range(1 + dice.below(3)))


def network_policy(place: int, faces: bytes, namespaces: list[Namespace]) -> Policy:
    dice = Dice(faces)
    namespace = dice.one_of(namespaces).name
    isolates = dice.one_of((("ingress",), ("egress",), ("ingress", "egress")))
    rules: dict[str, tuple[Rule, ...]] = {}
    for direction in isolates:
        made = []
        for number in range(dice.one_of((0, 1, 2, 3, 4))):
            peers: tuple[Peer, ...] | None = None
            if not dice.chance(20):
                peers = tuple(
                    network_policy_peer(dice, namespace) for _ in range(dice.one_of((1, 2, 3, 1, 2, 0)))
                )
            ports = rule_ports(dice, (TCP, UDP, SCTP))
            made.append(Rule(f"{direction}[{number}]", Action.ALLOW, peers, ports))
        rules[direction] = tuple(made)
    return Policy(
        "NetworkPolicy",
        namespace,
        f"np{place}",
        Tier.NETWORK_POLICY,
        PodQuery(namespace=namespace, pods=selector(dice)),
        isolates=frozenset(map(Direction, isolates)),
        ingress=rules.get("ingress", ()),
        egress=rules.get("egress", ()),
    )


def admin_policy(place: int, faces: bytes) -> Policy:
    dice = Dice(faces)
    tier = dice.one_of((Tier.ADMIN, Tier.ADMIN, Tier.BASELINE))
    subject_unread = dice.chance(20)
    rules: dict[Direction, tuple[Rule, ...]] = {}
    for direction in Direction:
        made = []
        for number in range(dice.one_of((0, 1, 2, 3, 4))):
            action = dice.one_of((Action.ALLOW, Action.DENY, Action.PASS, Action.DENY))
            unread = dice.chance(25)
            names_domains = action is Action.ALLOW or unread  # the API means them for no other rule
            peers = tuple(
                admin_peer(dice, direction, names_domains) for _ in range(dice.one_of((1, 1, 2, 3)))
            )
            if dice.chance(8):
                peers = ()
            ports = rule_ports(dice, (None,))
            made.append(Rule(f"{direction}[{number}]", action, peers, ports, unread=unread))
        rules[direction] = tuple(made)
    kinds = (
        "ClusterNetworkPolicy",
        "AdminNetworkPolicy" if tier is Tier.ADMIN else "BaselineAdminNetworkPolicy",
    )
    return Policy(
        dice.one_of(kinds),
        "",
        f"cnp{place}",
        tier,
        PodQuery(namespaces=space_selector(dice), pods=selector(dice)),
        priority=dice.one_of((0, 1, 1, 1000)),
        ingress=rules[Direction.INGRESS],
        egress=rules[Direction.EGRESS],
        unread=subject_unread,
    )

"""Random small worlds for Hypothesis: ``worlds()`` gives (cluster, options, flows).

Every object is built from its own short byte string, read as dice (see :class:`Dice`): that is fast,
and it shrinks, since byte 0 always picks the plainest choice. Values are few, so that selectors,
blocks and ports hit; flows are drawn towards pods' and nodes' addresses and the edges of blocks and ports.
What no cluster can hold is not made: a NetworkPolicy has rules only in directions it isolates; a host
address is one of its node's where the node is known; a template has no address and a name of its own.
An end without address has a namespace and a name: the table refuses a row with neither.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from flowcheck.model.cluster import (
    NAMESPACE_NAME_LABEL,
    Cluster,
    ContainerPort,
    Namespace,
    Node,
    Pod,
    Workload,
)
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.options import IpBlockMatchesPods, Options
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
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.reference import Tuple5

T = TypeVar("T")

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
ELSEWHERE = (
    "192.0.2.1",
    "10.244.0.200",
    "10.244.7.7",
    "10.0.0.77",
    "0.0.0.0",
    "255.255.255.254",
    "2001:db8::1",
    "fd00:244::99",
    "::1",
    "::ffff:192.0.2.1",
)
LINKS = (("ReplicaSet", "d0-1"), ("ReplicaSet", "d0-2"), ("Job", "d1"), ("ReplicaSet", "d1-1"))
OUTSIDE = ("192.0.2.200", "2001:db8::2")
CONTAINER_PORTS = (
    ContainerPort("web", 80, TCP),
    ContainerPort("web", 8080, TCP),
    ContainerPort("web", 80, UDP),
    ContainerPort("dns", 53, UDP),
    ContainerPort("dns", 53, TCP),
    ContainerPort("web", 443, SCTP),
    ContainerPort("", 81, TCP),
    ContainerPort("web", 8080, TCP, 8081),
    ContainerPort("web", 80, TCP, 8081, "10.0.0.10"),
    ContainerPort("dns", 53, UDP, 54, "0.0.0.0"),
    ContainerPort("", 443, TCP, 443, "::"),
)
SERVICE_PORTS = (
    ServicePort("", TCP, 80, 8080),
    ServicePort("web", TCP, 80, "web", 30080),
    ServicePort("dns", UDP, 53, 53, 30080),
    ServicePort("alt", TCP, 443, 80, 30443),
    ServicePort("dns-tcp", TCP, 53, "dns"),
    ServicePort("odd", SCTP, 80, 443),
    ServicePort("host", TCP, 8081, 80),
)
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
FLOW_PORTS = (80, None, 53, 79, 81, 90, 91, 443, 442, 8080, 8081, 0, 1, 65535, 65534, 54, 30080, 30443)
FLOW_PROTOCOLS = (TCP, TCP, TCP, UDP, UDP, SCTP, 1, 58, 47)


class Dice:
    """Choices read off a byte string. 0 is always the first choice, or no; past the end everything is 0."""

    def __init__(self, faces: bytes) -> None:
        self.faces = iter(faces)

    def below(self, n: int) -> int:
        return next(self.faces, 0) % n

    def chance(self, percent: int) -> bool:
        return next(self.faces, 0) * 100 >= 256 * (100 - percent)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def far_one_of(self, choices: Sequence[T]) -> T:
        """As ``one_of``, for more than 256 choices."""
        return choices[(next(self.faces, 0) + 256 * next(self.faces, 0)) % len(choices)]

    def some_of(self, choices: Sequence[T], at_most: int) -> tuple[T, ...]:
        return tuple(self.one_of(choices) for _ in range(self.below(at_most + 1)))


def rolls(size: int, most: int, least: int = 0) -> st.SearchStrategy[list[bytes]]:
    """Byte strings for ``least`` to ``most`` objects of ``size`` choices each."""
    dice = st.binary(min_size=size, max_size=size)
    return st.integers(least, most).flatmap(lambda n: st.lists(dice, min_size=n, max_size=n))


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


def make_node(place: int, faces: bytes) -> Node:
    dice = Dice(faces)
    addresses = [f"10.0.0.{10 + place}"] if not dice.chance(10) else []
    if dice.chance(40):
        addresses.append(f"fd00:1::{10 + place}")
    if dice.chance(20):
        addresses.append(f"192.0.2.{130 + place}")
    cidrs = dice.one_of((("10.244.0.0/24",), (), ("10.244.0.0/25", "fd00:244::/64"), ("10.244.4.0/24",)))
    devices = dice.one_of(((), (), (f"10.244.0.{64 + place}", "fd00:244::40"), (f"10.244.0.{place + 1}",)))
    likely = dice.one_of(((), (f"10.244.0.{32 + place}", "10.244.0.0"), ("10.244.0.1", "10.244.0.2")))
    if set(devices) & set(likely):
        likely = ()
    node = Node(
        f"node{place}",
        labels(dice),
        tuple(addresses),
        cidrs,
        device_addresses=devices,
        likely_addresses=likely,
    )
    return undescribed(node) if dice.chance(20) else node


def undescribed(node: Node) -> Node:
    """What pods alone tell of a node."""
    return Node(node.name, addresses=node.addresses, described=False)


def make_namespace(place: int, faces: bytes) -> Namespace:
    dice = Dice(faces)
    name = f"ns{place}"
    own, described = labels(dice), not dice.chance(30)
    return Namespace(name, {**(own if described else {}), NAMESPACE_NAME_LABEL: name}, described=described)


def make_pod(
    place: int, faces: bytes, namespaces: list[Namespace], nodes: list[Node], before: list[Pod]
) -> Pod:
    dice = Dice(faces)
    namespace = dice.one_of(namespaces).name
    own = (
        (f"10.244.0.{place + 1}",),
        (f"10.244.0.{place + 1}", f"fd00:244::{place + 1}"),
        (),
        (f"fd00:244::{place + 1}",),
    )
    addresses = dice.one_of((own[0], *own))
    ports = dice.some_of(CONTAINER_PORTS, 3)
    carried = labels(dice)
    if dice.chance(10):
        return Pod(
            namespace,
            f"t{place}",
            Workload("StatefulSet", namespace, f"t{place}"),
            carried,
            (),
            ports,
            template=True,
        )
    owner = dice.one_of(("", "d0", "d1"))
    workload = Workload("Deployment", namespace, owner) if owner else Workload("Pod", namespace, f"p{place}")
    links = dict.fromkeys(dice.some_of(LINKS, 2))
    node, host_addresses = dice.one_of(
        (*((n.name, n.addresses) for n in nodes), ("", ()), ("lost", ("10.0.0.66",)))
    )
    if before and dice.chance(12):
        addresses = dice.one_of(before).addresses or addresses
    host_network = bool(node) and dice.chance(12)
    if host_network:
        addresses = host_addresses if dice.chance(70) else ()
    return Pod(
        namespace,
        f"p{place}",
        workload,
        carried,
        addresses,
        ports,
        node=node,
        host_address=host_addresses[0] if host_addresses and dice.chance(50) else "",
        host_network=host_network,
        finished=dice.chance(12),
        secondary_addresses=secondary_addresses(dice, place, before),
        owners=tuple(Workload(kind, namespace, name) for kind, name in links) if owner else (),
    )


def secondary_addresses(dice: Dice, place: int, before: list[Pod]) -> tuple[str, ...]:
    """Of a further interface, at times in the pods' own ranges, another pod's, or one of several pods."""
    if not dice.chance(20):
        return ()
    theirs = before[-1].addresses[:1] if before else ()
    own = (f"192.168.50.{place + 1}",)
    return dice.one_of((own, own, own, ("192.168.50.1",), (f"10.244.0.{place + 100}", "fd50::1"), theirs))


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


def make_service(
    place: int, faces: bytes, namespaces: list[Namespace], pods: list[Pod], nodes: list[Node]
) -> Service:
    """External addresses may be several Services', a node's or a pod's; a cluster IP is one Service's."""
    dice = Dice(faces)
    pods_have = tuple(address for pod in pods for address in pod.addresses)
    nodes_have = tuple(address for node in nodes for address in node.addresses)
    taken = ("192.0.2.1", "192.0.2.1", *pods_have[:1], *nodes_have, "10.0.0.66", "192.0.2.1", "2001:db8::1")
    own = ((f"10.96.0.{place + 1}", f"fd00:96::{place + 1}"), (f"10.96.0.{place + 1}",), ())
    addresses = dice.one_of((own[0], *own))
    kind = dice.one_of(("ClusterIP", "LoadBalancer", "NodePort", "LoadBalancer", "NodePort", "ExternalName"))
    ports: list[ServicePort] = []
    for port in (dice.one_of(SERVICE_PORTS), *dice.some_of(SERVICE_PORTS, 2)):
        if all((port.port, port.protocol) != (p.port, p.protocol) and port.name != p.name for p in ports):
            ports.append(port)
    policies = ("Cluster", "Local")
    return Service(
        dice.one_of(namespaces).name,
        f"svc{place}",
        kind,
        () if kind == "ExternalName" else addresses,
        () if kind == "ExternalName" else tuple(dict.fromkeys((dice.one_of(taken), *dice.some_of(taken, 2)))),
        tuple(ports),
        dice.one_of(({"app": "a"}, {"app": "a"}, {"tier": "a"}, None, {})),
        internal_traffic_policy=dice.one_of(policies),
        external_traffic_policy=dice.one_of(policies),
        headless=not addresses and dice.chance(50),
        cached=dice.chance(12),
    )


def make_slice(faces: bytes, services: Sequence[Service], pods: Sequence[Pod]) -> EndpointSlice:
    """Of any type of Service, at times without a port or with one of another name."""
    dice = Dice(faces)
    service = dice.one_of(services)
    ports = tuple(
        ServicePort(dice.one_of((port.name, port.name, port.name, "other")), port.protocol, number, 0)
        for port, number in ((port, dice.one_of((8080, 80, 53, 443))) for port in service.ports)
        if not dice.chance(10)
    )
    backends = tuple(make_backend(dice, pods) for _ in range(dice.one_of((1, 2, 3, 0))))
    return EndpointSlice(service.namespace, service.name, ports, backends)


def make_backend(dice: Dice, pods: Sequence[Pod]) -> Backend:
    """A pod, or somebody outside; on its node, on another or on none that is told."""
    addresses = [(address, pod) for pod in pods for address in pod.addresses] or [("192.0.2.1", pods[0])]
    address, pod = dice.one_of(addresses)
    if dice.chance(10):
        address = "192.0.2.1"
    ready = not dice.chance(30)
    return Backend(
        address,
        dice.one_of((pod.name, "")),
        dice.one_of((pod.node, pod.node, "node0", "")),
        ready=ready,
        serving=ready or dice.chance(60),
        terminating=not ready and dice.chance(70),
    )


def edges_of(block: AddressBlock) -> list[str]:
    """The first and last address of a block and of its exceptions, and the ones just outside."""
    found = []
    for cidr in (block.cidr, *block.excepts):
        network = ipaddress.ip_network(cidr)
        first, last = int(network.network_address), int(network.broadcast_address)
        make = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
        whole = (1 << network.max_prefixlen) - 1
        # An IPv6 address below 2**32 is nobody's; leave the IPv4-mapped range to ELSEWHERE.
        found += [str(make(n)) for n in (first, last, first - 1, last + 1) if 0 <= n <= whole]
    return found


def at_node(node: Node) -> tuple[str, ...]:
    return (*node.addresses, *node.device_addresses, *node.likely_addresses)


def interesting_addresses(cluster: Cluster) -> list[str]:
    owned = [a for pod in cluster.pods for a in (*pod.addresses, *pod.secondary_addresses)]
    hosts = [address for node in cluster.nodes for address in at_node(node)]
    hosts += [pod.host_address for pod in cluster.pods if pod.host_address]
    vips = [
        address for service in cluster.services for address in (*service.cluster_ips, *service.external_ips)
    ]
    edges = [
        address
        for policy in cluster.policies
        for rule in (*policy.ingress, *policy.egress)
        for peer in rule.peers or ()
        if isinstance(peer, AddressBlock)
        for address in edges_of(peer)
    ]
    mapped = [f"::ffff:{address}" for address in owned[:1] if ":" not in address]
    others = [*hosts, *ELSEWHERE, *vips, *mapped, *edges]
    # Most flows should have a pod at each end: pods count twice as often as all the others together.
    times = len(others) // len(owned) if owned else 0
    return [*owned * max(1, 2 * times), *others, *(vips + hosts) * 2]


def make_end(
    dice: Dice, cluster: Cluster, addresses: list[str]
) -> tuple[str | None, str | None, str | None, str | None]:
    """(address, namespace, pod, workload): an address mostly, else a pod's or workload's name."""
    choice = dice.below(16)
    if choice < 11 or not cluster.pods:
        return dice.far_one_of(addresses), None, None, None
    pod = dice.one_of(cluster.pods)
    if choice < 14:
        if pod.template:
            return None, pod.namespace, None, pod.workload.name
        beside = dice.one_of((None, None, None, dice.far_one_of(addresses)))
        return beside, pod.namespace, pod.name, None
    if choice == 14:
        return None, pod.namespace, None, workload_text(dice, pod)
    address = dice.one_of((None, None, dice.far_one_of(addresses)))
    name, workload = dice.one_of((("p99", None), (None, "w99"), ("p99", "w99"), ("p99", pod.workload.name)))
    return address, dice.one_of((pod.namespace, "nowhere")), name, workload


def workload_text(dice: Dice, pod: Pod) -> str:
    """What a record may call a pod's workload, or any link below it."""
    link = dice.one_of((pod.workload, pod.workload, *pod.owners))
    kind = dice.one_of(("", f"{link.kind}/", f"{link.kind.lower()}.apps/", f"{link.namespace}/{link.kind}/"))
    return kind + link.name


def make_flow(
    faces: bytes,
    cluster: Cluster,
    addresses: list[str],
    doors: Sequence[Door],
    initiators: Sequence[int | None],
) -> Tuple5:
    dice = Dice(faces)
    protocol = dice.one_of(FLOW_PROTOCOLS)
    port = dice.one_of(FLOW_PORTS)
    if protocol not in (TCP, UDP, SCTP) and not dice.chance(30):
        port = None
    initiator = dice.one_of(initiators)
    src = make_end(dice, cluster, addresses)
    dst = src if dice.chance(5) else make_end(dice, cluster, addresses)
    if doors and dice.chance(35):
        address, protocol, port = dice.far_one_of(doors)
        dst = (address, None, None, None)
        if dice.chance(30):
            src = (dice.one_of(OUTSIDE), None, None, None)
    return Tuple5(
        src[0],
        dst[0],
        protocol,
        port,
        *(src[1], src[2], src[3]),
        *(dst[1], dst[2], dst[3]),
        initiator=initiator,
    )


Door = tuple[str, int, int]
"""An address with a protocol and a port."""


def doors_of(cluster: Cluster) -> list[Door]:
    """What leads elsewhere: a Service's addresses at its ports, a node's at node ports and host ports."""
    found = [
        (address, port.protocol, port.port)
        for service in cluster.services
        for address in (*service.cluster_ips, *service.external_ips)
        for port in service.ports
    ]
    of_nodes = [(node.name, address) for node in cluster.nodes for address in node.addresses]
    for service in cluster.services:
        for _, address in of_nodes:
            found += ((address, port.protocol, port.node_port) for port in service.ports if port.node_port)
    for pod in cluster.pods:
        own = [address for name, address in of_nodes if name == pod.node]
        hosted = [port for port in pod.ports if port.host_port]
        found += ((address, port.protocol, port.host_port) for address in own for port in hosted)
    return found


@st.composite
def worlds(draw: st.DrawFn, *, admin: bool = True) -> tuple[Cluster, Options, list[Tuple5]]:
    """A cluster with policies, options to judge by, and flows; ``admin`` False leaves NetworkPolicies only.

    ``initiator`` is set in every flow of a world or in none, as a column is.
    """
    world = Dice(draw(st.binary(min_size=10, max_size=10)))
    namespaces = [make_namespace(place, faces) for place, faces in enumerate(draw(rolls(4, 4, least=1)))]
    nodes = [make_node(place, faces) for place, faces in enumerate(draw(rolls(11, 3)))]
    pods: list[Pod] = []
    for place, faces in enumerate(draw(rolls(30, 8, least=2))):
        pods.append(make_pod(place, faces, namespaces, nodes, pods))
    policies = [
        network_policy(place, faces, namespaces) for place, faces in enumerate(draw(rolls(90, 5, least=1)))
    ]
    if admin:
        policies += [admin_policy(place, faces) for place, faces in enumerate(draw(rolls(100, 4, least=1)))]
    if world.chance(50):
        policies.reverse()
    unlisted = world.chance(20)
    if world.chance(15):
        nodes = [undescribed(node) for node in nodes]
    services = [
        make_service(place, faces, namespaces, pods, nodes) for place, faces in enumerate(draw(rolls(15, 3)))
    ]
    slices = [make_slice(faces, services, pods) for faces in draw(rolls(24, 3))] if services else []
    blocks: IpBlockMatchesPods = draw(st.sampled_from(("yes", "no", "unknown")))
    options = Options(blocks, world.one_of(("unknown", "policy")))
    by_name = {namespace.name: namespace for namespace in namespaces}
    cluster = Cluster(
        by_name,
        tuple(nodes),
        tuple(pods),
        tuple(services),
        tuple(slices),
        policies=tuple(policies),
        services_unlisted=unlisted and not services,
    )
    initiators: Sequence[int | None] = world.one_of(((None,), (None,), (None,), (None,), (1, 1, 1, 0)))
    addresses = interesting_addresses(cluster)
    doors = doors_of(cluster)
    flows = [
        make_flow(faces, cluster, addresses, doors, initiators) for faces in draw(rolls(24, 24, least=4))
    ]
    return cluster, options, flows

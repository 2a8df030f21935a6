"""Random objects of a cluster that does not change, made of dice: see ``strategies.py``."""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, ContainerPort, Namespace, Node, Pod, Workload
from flowcheck.model.protocols import SCTP, TCP, UDP
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from tests.agreement.dice import Dice
from tests.agreement.policies import labels

LINKS = (("ReplicaSet", "d0-1"), ("ReplicaSet", "d0-2"), ("Job", "d1"), ("ReplicaSet", "d1-1"))
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


def make_service(
    place: int, faces: bytes, namespaces: list[Namespace], pods: list[Pod], nodes: list[Node]
) -> Service:
    """External addresses may be several Services', a node's or a pod's; a cluster IP is one Service's."""
    dice = Dice(faces)
    of_pods = tuple(address for pod in pods for address in pod.addresses)
    of_nodes = tuple(address for node in nodes for address in node.addresses)
    taken = ("192.0.2.1", "192.0.2.1", *of_pods[:1], *of_nodes, "10.0.0.66", "192.0.2.1", "2001:db8::1")
    own = ((f"10.96.0.{place + 1}", f"fd00:96::{place + 1}"), (f"10.96.0.{place + 1}",), ())
    addresses = dice.one_of((own[0], *own))
    kind = dice.one_of(("ClusterIP", "LoadBalancer", "NodePort", "LoadBalancer", "NodePort", "ExternalName"))
    ports = distinct_ports(dice, SERVICE_PORTS)
    policies = ("Cluster", "Local")
    return Service(
        dice.one_of(namespaces).name,
        f"svc{place}",
        kind,
        () if kind == "ExternalName" else addresses,
        () if kind == "ExternalName" else tuple(dict.fromkeys((dice.one_of(taken), *dice.some_of(taken, 2)))),
        ports,
        dice.one_of(({"app": "a"}, {"app": "a"}, {"tier": "a"}, None, {})),
        internal_traffic_policy=dice.one_of(policies),
        external_traffic_policy=dice.one_of(policies),
        headless=not addresses and dice.chance(50),
        cached=dice.chance(12),
    )


def distinct_ports(dice: Dice, choices: Sequence[ServicePort]) -> tuple[ServicePort, ...]:
    """One to three ports of a Service: no two have a name, or a number and protocol, in common."""
    found: list[ServicePort] = []
    for port in (dice.one_of(choices), *dice.some_of(choices, 2)):
        if all((port.port, port.protocol) != (p.port, p.protocol) and port.name != p.name for p in found):
            found.append(port)
    return tuple(found)


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

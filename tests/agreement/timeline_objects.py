"""Random objects, each in its versions over time, made of dice: see ``timeline_strategies.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Namespace, Node, Pod, Workload
from flowcheck.model.labels import EVERYTHING
from flowcheck.model.policy import Action, NodeQuery, Policy, Rule
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from tests.agreement.dice import Dice
from tests.agreement.objects import CONTAINER_PORTS, distinct_ports
from tests.agreement.policies import admin_policy, labels, network_policy, selector

LAST = 40
POD_ADDRESSES = ("10.244.0.1", "10.244.0.2", "10.244.0.3", "fd00:244::1")
SECONDARY_ADDRESSES = ("192.168.50.1", "192.168.50.2", "10.244.0.5")
DEVICES = ("10.244.0.4", "10.244.0.7")
NODE_ADDRESSES = ("10.0.0.10", "10.0.0.11", "fd00:1::10")
SERVICE_ADDRESSES = ("10.96.0.1", "10.96.0.2", "fd00:96::1")
EXTERNAL_ADDRESSES = ("192.0.2.1", "10.0.0.10", "10.0.0.10", "10.0.0.11", "fd00:1::10", "10.244.0.3")
ELSEWHERE = ("192.0.2.1", "10.244.0.6", "::ffff:10.244.0.1")
SERVICE_PORTS = (
    ServicePort("", TCP, 80, 8080),
    ServicePort("web", TCP, 80, "web", 30080),
    ServicePort("web", TCP, 80, 80, 30080),
    ServicePort("dns", UDP, 53, 53),
    ServicePort("alt", TCP, 8080, 80),
)


def lifetimes(dice: Dice, versions: int) -> list[Lifetime]:
    """When each of so many versions was there; BEGINNING to END where every face is 0."""
    places = sorted(dice.below(LAST + 1) for _ in range(versions + 1))
    rough = [dice.one_of((0, 0, 0, 0, 1, 3, 9)) for _ in places]
    edges = [(place, place + width) for place, width in zip(places, rough, strict=True)]
    if not dice.chance(25):
        edges[0] = (BEGINNING, BEGINNING)
    if not dice.chance(20):
        edges[-1] = (END, END)
    found = []
    for (start, sure_start), (sure_end, end) in pairwise(edges):
        late = dice.one_of((0, 0, 0, 0, 2, 6, -3)) if start != BEGINNING else 0
        found.append(Lifetime(start + late, end, sure_start + late, sure_end))
    return found


def versions_of(dice: Dice, most: int) -> list[Lifetime]:
    """One to ``most`` versions' lifetimes, less those that never can have been there."""
    return [one for one in lifetimes(dice, 1 + dice.below(most)) if one.start < one.end] or [ALWAYS]


def make_nodes(place: int, faces: bytes) -> list[Node]:
    dice = Dice(faces)
    nodes = []
    for lifetime in versions_of(dice, 2):
        addresses = dice.some_of(NODE_ADDRESSES, 2) or NODE_ADDRESSES[place : place + 1]
        cidrs = dice.one_of(((), ("10.244.0.0/29",)))
        node = Node(f"node{place}", labels(dice), tuple(dict.fromkeys(addresses)), cidrs, lifetime=lifetime)
        devices = dice.one_of(((), (), DEVICES[:1], DEVICES[1:]))
        likely = dice.one_of(((), (), DEVICES[1:], POD_ADDRESSES[:1])) if devices != DEVICES[1:] else ()
        node = replace(node, device_addresses=devices, likely_addresses=likely)
        nodes.append(replace(node, labels={}, pod_cidrs=(), described=False) if dice.chance(20) else node)
    return nodes


def make_pods(
    place: int, faces: bytes, namespaces: Sequence[Namespace], nodes: Sequence[Node], uids: bool
) -> list[Pod]:
    """The versions of one pod. Where pods have uids, two may have one name; else names are their own."""
    dice = Dice(faces)
    namespace = dice.one_of(namespaces).name
    name = f"p{dice.below(3)}" if uids else f"p{place}"
    owner = dice.one_of(("", "d0", "d1"))
    node, host_addresses = dice.one_of(
        (("", ()), *((n.name, n.addresses) for n in nodes), ("lost", ("10.0.0.66",)))
    )
    pod = Pod(
        namespace,
        name,
        Workload("Deployment", namespace, owner) if owner else Workload("Pod", namespace, name),
        ports=dice.some_of(CONTAINER_PORTS, 2),
        node=node,
        host_address=host_addresses[0] if host_addresses and dice.chance(30) else "",
        host_network=bool(node) and dice.chance(15),
        finished=dice.chance(5),
        uid=f"u{place}" if uids else "",
    )
    links = dice.one_of((("d0-1",), (), ("d1-1", "d1")))
    if owner:
        pod = replace(pod, owners=tuple(Workload("ReplicaSet", namespace, link) for link in links))
    home = dice.one_of(POD_ADDRESSES) if dice.chance(22) else POD_ADDRESSES[place % len(POD_ADDRESSES)]
    return [make_version(dice, pod, home, host_addresses, lifetime) for lifetime in versions_of(dice, 3)]


def make_version(dice: Dice, pod: Pod, home: str, host_addresses: tuple[str, ...], lifetime: Lifetime) -> Pod:
    other = dice.one_of(POD_ADDRESSES)
    addresses = dice.one_of((*[(home,)] * 5, tuple(dict.fromkeys((home, other))), (other,), ()))
    if pod.host_network:
        addresses = host_addresses if dice.chance(70) else ()
    space = {**labels(dice), NAMESPACE_NAME_LABEL: pod.namespace} if dice.chance(30) else None
    return replace(
        pod,
        labels=labels(dice),
        addresses=addresses,
        ready=not dice.chance(20),
        namespace_labels=space,
        lifetime=lifetime,
        secondary_addresses=dice.one_of(
            (*[()] * 6, SECONDARY_ADDRESSES[:1], SECONDARY_ADDRESSES[1:], (home,))
        ),
    )


def make_template(faces: bytes, namespaces: Sequence[Namespace]) -> Pod:
    dice = Dice(faces)
    namespace = dice.one_of(namespaces).name
    workload = Workload(dice.one_of(("StatefulSet", "Deployment")), namespace, "t0")
    return Pod(namespace, "t0", workload, labels(dice), (), dice.some_of(CONTAINER_PORTS, 2), template=True)


def make_policies(place: int, faces: bytes, namespaces: Sequence[Namespace], admin: bool) -> list[Policy]:
    """The versions of one policy: each with rules of its own, under one name."""
    dice = Dice(faces[:24])
    namespace = dice.one_of(namespaces)
    chosen = versions_of(dice, 3)
    made = []
    for number, lifetime in enumerate(chosen):
        own = faces[24 + 70 * number :]
        if admin:
            policy = replace(admin_policy(place, own), kind="ClusterNetworkPolicy")
            if dice.chance(50):
                policy = replace(policy, egress=(to_nodes(dice), *policy.egress))
        else:
            policy = network_policy(place, own, [namespace])
        subject = policy.subject._replace(pods=EVERYTHING) if dice.chance(30) else policy.subject
        made.append(replace(policy, subject=subject, lifetime=lifetime))
    return made


def to_nodes(dice: Dice) -> Rule:
    action = dice.one_of((Action.ALLOW, Action.DENY))
    return Rule("egress[nodes]", action, (NodeQuery(selector(dice)),))


def make_services(place: int, faces: bytes, namespaces: Sequence[Namespace]) -> list[Service]:
    dice = Dice(faces)
    service = Service(dice.one_of(namespaces).name, f"s{place}")
    return [
        replace(
            service,
            type=dice.one_of(("ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer", "ExternalName")),
            cluster_ips=tuple({dice.one_of(SERVICE_ADDRESSES): 0, dice.one_of(SERVICE_ADDRESSES): 0})
            if not dice.chance(10)
            else (),
            external_ips=tuple(dict.fromkeys(dice.some_of(EXTERNAL_ADDRESSES, 2))) if dice.chance(50) else (),
            internal_traffic_policy=dice.one_of(("Cluster", "Local")),
            external_traffic_policy=dice.one_of(("Cluster", "Local", "Local")),
            ports=distinct_ports(dice, SERVICE_PORTS),
            selector=dice.one_of(({"app": "a"}, {"app": "a"}, {"tier": "a"}, {"app": "b"}, None, {})),
            publish_not_ready=dice.chance(10),
            lifetime=lifetime,
        )
        for lifetime in versions_of(dice, 2)
    ]


def make_slices(
    place: int, faces: bytes, services: Sequence[Service], pods: Sequence[Pod]
) -> list[EndpointSlice]:
    dice = Dice(faces)
    service = dice.one_of(services)
    made = []
    for lifetime in versions_of(dice, 2):
        ports = tuple(
            ServicePort(port.name, port.protocol, dice.one_of((8080, 80, 53, 0)), 0)
            for port in service.ports
            if not dice.chance(5)
        )
        backends = tuple(make_backend(dice, pods) for _ in range(dice.one_of((1, 2, 3, 0))))
        made.append(
            EndpointSlice(
                service.namespace, service.name, ports, backends, name=f"e{place}", lifetime=lifetime
            )
        )
    return made


def make_backend(dice: Dice, pods: Sequence[Pod]) -> Backend:
    address = dice.one_of(
        (*POD_ADDRESSES, *POD_ADDRESSES, NODE_ADDRESSES[0], *ELSEWHERE[:2], SERVICE_ADDRESSES[0])
    )
    there = [pod.name for pod in pods if address in pod.addresses]
    pod = dice.one_of((*there, "")) if there else dice.one_of(("", "p0"))
    ready = not dice.chance(30)
    return Backend(
        address,
        pod,
        dice.one_of(("node0", "node0", "node1", "")),
        ready=ready,
        serving=ready or dice.chance(50),
        terminating=not ready and dice.chance(60),
    )

"""Random worlds that change over time, for Hypothesis: ``timelines()`` gives (cluster, options, flows).

Made of dice as in ``strategies.py``; byte 0 gives an object that always was. Times are 0 to 40 and the skew
0 to 5, so that flows hit edges; addresses, names, ports and node ports are few, so that they are reused.
Versions of one object follow one another with exact or rough edges, at times with a gap or an overlap, and
some never surely are there. All columns that a table may have are there in some worlds and not in others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import strategies as st

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Namespace, Node, Pod, Workload
from flowcheck.model.labels import EVERYTHING
from flowcheck.model.options import Options
from flowcheck.model.policy import Action, NodeQuery, Policy, Rule
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from flowcheck.reference import Tuple5
from tests.agreement.strategies import (
    CONTAINER_PORTS,
    Dice,
    admin_policy,
    at_node,
    doors_of,
    labels,
    make_namespace,
    network_policy,
    rolls,
    selector,
    workload_text,
)

LAST = 40
POD_ADDRESSES = ("10.244.0.1", "10.244.0.2", "10.244.0.3", "fd00:244::1")
SECONDARY_ADDRESSES = ("192.168.50.1", "192.168.50.2", "10.244.0.5")
DEVICES = ("10.244.0.4", "10.244.0.7")
NODE_ADDRESSES = ("10.0.0.10", "10.0.0.11", "fd00:1::10")
SERVICE_ADDRESSES = ("10.96.0.1", "10.96.0.2", "fd00:96::1")
EXTERNAL_ADDRESSES = ("192.0.2.1", "10.0.0.10", "10.0.0.10", "10.0.0.11", "fd00:1::10", "10.244.0.3")
ELSEWHERE = ("192.0.2.1", "10.244.0.6", "::ffff:10.244.0.1")
PORTS = (80, 8080, 53, 443, 8081, 54, 30080, 40000, 32768, 60999, 61000, None)
FLAGS = (None, 2, 18, 16, 0, 3, 27, 82)
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
    workload = Workload("StatefulSet", namespace, "t0")
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
        subject = replace(policy.subject, pods=EVERYTHING) if dice.chance(30) else policy.subject
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
            ports=distinct_ports(dice),
            selector=dice.one_of(({"app": "a"}, {"app": "a"}, {"tier": "a"}, {"app": "b"}, None, {})),
            publish_not_ready=dice.chance(10),
            lifetime=lifetime,
        )
        for lifetime in versions_of(dice, 2)
    ]


def distinct_ports(dice: Dice) -> tuple[ServicePort, ...]:
    """One to three ports of a Service: no two have a name, or a number and protocol, in common."""
    found: list[ServicePort] = []
    for port in (dice.one_of(SERVICE_PORTS), *dice.some_of(SERVICE_PORTS, 2)):
        if all(
            port.name != other.name and (port.port, port.protocol) != (other.port, other.protocol)
            for other in found
        ):
            found.append(port)
    return tuple(found)


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


End = tuple[str | None, str | None, str | None, str | None, str | None]


def make_end(dice: Dice, pods: Sequence[Pod], addresses: Sequence[str]) -> End:
    """(address, namespace, pod, workload, uid): an address mostly; without one, a namespace and a name."""
    address: str | None = dice.one_of(addresses)
    choice = dice.below(16)
    if choice < 10:
        return address, None, None, None, None
    pod = dice.one_of(pods)
    name = "p99" if dice.chance(10) else pod.name
    uid = "u99" if dice.chance(10) else pod.uid or None
    workload = pod.workload.name if dice.chance(30) else None
    if choice < 12:
        return address, None, None, None, uid
    if choice < 14:
        return dice.one_of((None, address)), pod.namespace, name, workload, dice.one_of((None, uid))
    if choice < 15:
        return None, pod.namespace, None, workload_text(dice, pod), dice.one_of((None, None, uid))
    return address, pod.namespace, None, pod.workload.name, None


def make_flow(
    faces: bytes, cluster: Cluster, instants: Sequence[int], initiators: Sequence[int | None]
) -> Tuple5:
    dice = Dice(faces)
    at = dice.one_of(instants)
    src_port = dice.one_of((40000, 40000, 40000, None, *PORTS))
    initiator = dice.one_of(initiators)
    flags = dice.one_of(FLAGS)
    sources, destinations = addresses_of(cluster)
    src, dst = make_end(dice, cluster.pods, sources), make_end(dice, cluster.pods, destinations)
    protocol, port = dice.one_of((TCP, TCP, TCP, TCP, UDP, UDP, 132, 1)), dice.one_of((80, 8080, *PORTS))
    if dice.chance(25) and (doors := doors_of(cluster)):
        address, protocol, port = dice.far_one_of(doors)
        dst = (address, None, None, None, None)
    there = ports_at(cluster, dst[0])
    if there and not dice.chance(30):
        protocol, port = dice.one_of(there)
        if dice.chance(25):
            src = ("192.0.2.9", None, None, None, None)
    return Tuple5(
        *(src[0], dst[0], protocol, port),
        *(src[1], src[2], src[3]),
        *(dst[1], dst[2], dst[3]),
        initiator,
        None if dice.chance(4) else at,
        src[4],
        dst[4],
        src_port,
        flags,
    )


def addresses_of(cluster: Cluster) -> tuple[list[str], list[str]]:
    """What flows come from and go to: pods mostly, and Services as destination."""
    owned = [a for pod in cluster.pods for a in (*pod.addresses, *pod.secondary_addresses)]
    owned = owned or [*POD_ADDRESSES]
    hosts = [address for node in cluster.nodes for address in at_node(node)]
    virtual = [
        address for service in cluster.services for address in (*service.cluster_ips, *service.external_ips)
    ]
    others = [*NODE_ADDRESSES[:1], *SERVICE_ADDRESSES[:1], *ELSEWHERE]
    return [*owned * 5, *hosts, *virtual[:1], *others], [*owned * 3, *hosts * 2, *virtual * 4, *others]


def ports_at(cluster: Cluster, address: str | None) -> list[tuple[int, int]]:
    """The protocols and ports that a Service has at an address, which may be a node's, or pods declare."""
    at_nodes = any(address in at_node(node) for node in cluster.nodes)
    declared = [p for pod in cluster.pods if address in pod.addresses for p in pod.ports]
    found = [(port.protocol, port.number) for port in declared]
    for service in cluster.services:
        if address in (*service.cluster_ips, *service.external_ips):
            found += ((port.protocol, port.port) for port in service.ports)
        if at_nodes:
            found += ((port.protocol, port.node_port) for port in service.ports)
    return found


def instants_of(cluster: Cluster) -> list[int]:
    """Times at and around every edge there is, and some anywhere."""
    things = (*cluster.nodes, *cluster.pods, *cluster.services, *cluster.slices, *cluster.policies)
    spans = [thing.lifetime for thing in things]
    edges = {edge for one in spans for edge in (one.start, one.end, one.sure_start, one.sure_end)}
    near = {edge + step for edge in edges for step in (-2, -1, 0, 1) if 0 <= edge <= LAST}
    return sorted({*range(0, LAST + 1, 4), *near})


def make_answer(dice: Dice, flow: Tuple5) -> Tuple5:
    """Another record of the same connection, mostly its way back, which may tell who opened it."""
    turned = dice.chance(70)
    answer = replace(
        flow,
        src=flow.dst if turned else flow.src,
        dst=flow.src if turned else flow.dst,
        src_port=flow.port if turned else flow.src_port,
        port=flow.src_port if turned else flow.port,
        tcp_flags=dice.one_of(FLAGS),
    )
    if flow.initiator is None:
        return answer
    return replace(answer, initiator=dice.one_of((0, 0, 1)))


@st.composite
def timelines(draw: st.DrawFn) -> tuple[Cluster, Options, list[Tuple5]]:
    """A cluster that changes, options to judge by, and flows in the order of a table.

    ``initiator`` is set in every flow of a world or in none, as a column is.
    """
    world = Dice(draw(st.binary(min_size=18, max_size=18)))
    unlisted = world.chance(20)
    uids = not world.chance(20)
    namespaces = [make_namespace(place, faces) for place, faces in enumerate(draw(rolls(4, 2, least=1)))]
    nodes = [node for place, faces in enumerate(draw(rolls(28, 2))) for node in make_nodes(place, faces)]
    pods = [
        pod
        for place, faces in enumerate(draw(rolls(56, 4, least=3)))
        for pod in make_pods(place, faces, namespaces, nodes, uids)
    ]
    pods += [make_template(faces, namespaces) for faces in draw(rolls(6, 1))]
    policies = [
        policy
        for place, faces in enumerate(draw(rolls(234, 4, least=2)))
        for policy in make_policies(place, faces, namespaces, admin=place > 1 or world.chance(20))
    ]
    services = [
        service
        for place, faces in enumerate(draw(rolls(40, 3)))
        for service in make_services(place, faces, namespaces)
    ]
    slices = [
        one
        for place, faces in enumerate(draw(rolls(40, 3)) if services else [])
        for one in make_slices(place, faces, services, pods)
    ]
    options = Options(
        world.one_of(("yes", "no", "unknown")),
        world.one_of(("unknown", "policy")),
        world.one_of((0, 1, 2, 5)),
        world.one_of((None, None, None, None, None, None, 7, 20, 33, END)),
        world.one_of(((), (), ("192.0.2.0/24",), ("10.0.0.0/8", "fd00::/16"))),
        world.one_of((0, 0, 10)),
    )
    initiators: Sequence[int | None] = world.one_of(((None,), (0, 0, 1, 2)))
    by_name = {namespace.name: namespace for namespace in namespaces}
    cluster = Cluster(by_name, tuple(nodes), tuple(pods), tuple(services), tuple(slices), tuple(policies))
    cluster = replace(
        cluster,
        services_unlisted=unlisted and not services,
        sampled=world.chance(50),
        known_until=world.one_of((END, END, END, 25)),
    )
    if world.chance(40):
        cluster = replace(cluster, nodes=tuple(replace(node, labels={}, described=False) for node in nodes))
    instants = instants_of(cluster)
    flows = []
    for faces in draw(rolls(32, 20, least=4)):
        flows.append(make_flow(faces[:26], cluster, instants, initiators))
        if Dice(faces[26:]).chance(20):
            flows.append(make_answer(Dice(faces[27:]), flows[-1]))
    return cluster, options, [flow for flow in flows if has_ends(flow)]


def has_ends(flow: Tuple5) -> bool:
    """Whether something is recorded of both ends; the table refuses a row with an end of which nothing is."""
    return all(
        end.address or end.uid or (end.namespace and (end.pod or end.workload))
        for end in (flow.source, flow.destination)
    )

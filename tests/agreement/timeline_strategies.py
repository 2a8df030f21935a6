"""Random worlds that change over time, for Hypothesis: ``timelines()`` gives (cluster, options, flows).

Made of dice as in ``strategies.py``; byte 0 gives an object that always was. Times are 0 to 40 and the skew
0 to 5, so that flows hit edges; addresses, names, ports and node ports are few, so that they are reused.
Versions of one object follow one another with exact or rough edges, at times with a gap or an overlap, and
some never surely are there. All columns that a table may have are there in some worlds and not in others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.options import Options
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from flowcheck.reference import Tuple5
from tests.agreement.dice import Dice, rolls
from tests.agreement.objects import make_namespace
from tests.agreement.strategies import (
    at_node,
    doors_of,
    nodes_have,
    pods_have,
    services_have,
    with_engines,
    workload_text,
)
from tests.agreement.timeline_objects import (
    ELSEWHERE,
    LAST,
    NODE_ADDRESSES,
    POD_ADDRESSES,
    SERVICE_ADDRESSES,
    make_nodes,
    make_pods,
    make_policies,
    make_services,
    make_slices,
    make_template,
)

PORTS = (80, 8080, 53, 443, 8081, 54, 30080, 40000, 32768, 60999, 61000, None)
FLAGS = (None, 2, 18, 16, 0, 3, 27, 82)


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
    owned = pods_have(cluster) or [*POD_ADDRESSES]
    hosts, virtual = nodes_have(cluster), services_have(cluster)
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


@st.composite
def changing_engines(draw: st.DrawFn) -> tuple[Cluster, Options, list[Tuple5]]:
    """The same with policies of all that the model can say, and sets of addresses that change. Pods have no
    further interfaces, whose addresses no expression tells from others outside."""
    cluster, options, flows = with_engines(draw, *draw(timelines()))
    pods = tuple(replace(pod, secondary_addresses=()) for pod in cluster.pods)
    world = Dice(draw(st.binary(min_size=40, max_size=40)))
    sets = []
    for one in cluster.sets:
        cut = world.one_of((END, 5, 20))
        sets.append(replace(one, lifetime=Lifetime.exact(end=cut)))
        if cut < END:
            sets.append(replace(one, cidrs=(*one.cidrs, "10.244.0.0/24"), lifetime=Lifetime.exact(cut)))
    spans = ((BEGINNING, END), (BEGINNING, END), (4, 30))
    fixed = [policy for policy in cluster.policies if policy.lifetime == ALWAYS]
    changing = [policy for policy in cluster.policies if policy.lifetime != ALWAYS]
    policies = [
        *changing,
        *(replace(policy, lifetime=Lifetime.exact(*world.one_of(spans))) for policy in fixed),
    ]
    cluster = replace(cluster, pods=pods, sets=tuple(sets), policies=tuple(policies))
    return cluster, options, [flow for flow in flows if has_ends(flow)]


def has_ends(flow: Tuple5) -> bool:
    """Whether something is recorded of both ends; the table refuses a row with an end of which nothing is."""
    return all(
        end.address or end.uid or (end.namespace and (end.pod or end.workload))
        for end in (flow.source, flow.destination)
    )

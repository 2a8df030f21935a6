"""Rules left out, one at a time, and the reference asked about every pair of ends with them and without."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from flowcheck import arrays as a
from flowcheck.algebra.build import Algebra
from flowcheck.algebra.told import RuleTold
from flowcheck.compile.endpoints.addresses import Prefix, not_covered
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules.decisions import RuleInfo
from flowcheck.compile.rules.directions import Rulebook
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy
from flowcheck.model.tiers import Layer
from flowcheck.reference import Reference, Tuple5
from flowcheck.reference.flow import Side

WITH_NUMBERS = {6: 0, 17: 1, 132: 2, 1: 3, 58: 4}
LOST = ("ambiguous_src", "ambiguous_dst", "unresolved_src", "unresolved_dst")


class End(NamedTuple):
    """An end as flows name it."""

    endpoint: int
    address: str | None
    namespace: str | None = None
    pod: str | None = None
    workload: str | None = None
    uid: str | None = None

    @property
    def family(self) -> int:
        return ipaddress.ip_address(self.address).version if self.address else 0


def without(cluster: Cluster, told: RuleTold) -> Cluster:
    """The cluster without the rule."""
    return cut_out(cluster, told.info)


def cut_out(cluster: Cluster, info: RuleInfo) -> Cluster:
    """The cluster, the rule taken out of its policy, which isolates as before."""

    def cut(policy: Policy) -> Policy:
        if str(policy) != info.policy:
            return policy
        kept = tuple(
            rule
            for rule in policy.rules(info.direction)
            if (rule.label, rule.source) != (info.label, info.source)
        )
        return replace(policy, **{info.direction.value: kept})

    return replace(cluster, policies=tuple(map(cut, cluster.policies)))


def ends_of(algebra: Algebra) -> list[End]:
    """Every end that a flow can name: pods, and an address of each node and block."""
    axis = algebra.axis
    found = []
    for endpoint, pod in axis.pods:
        end = axis.endpoints[endpoint]
        if end.kind == a.KIND_POD and pod.workload:
            name, workload = (None, pod.workload.name) if pod.template else (pod.name, None)
            address = None if end.prefix is None else _text(end.prefix)
            found.append(End(endpoint, address, pod.namespace, name, workload, pod.uid or None))
    owned = {end: prefix for prefix, end in axis.owners.items()}
    for endpoint, end in enumerate(axis.endpoints):
        if endpoint in owned and end.kind in (a.KIND_NODE, a.KIND_BLOCK, a.KIND_SECONDARY):
            address = address_in(axis, owned[endpoint])
            if address is not None:
                found.append(End(endpoint, address))
    return found


def address_in(axis: Axis, prefix: Prefix) -> str | None:
    """An address of a block that is in no longer one."""
    if prefix not in set(not_covered(axis.owners)):
        return None
    at = prefix.first
    inside = sorted(one for one in axis.owners if one != prefix and prefix.holds(one))
    for one in inside:
        if at < one.first:
            break
        at = max(at, one.last + 1)
    return str(ipaddress.ip_address(at) if prefix.version == 4 else ipaddress.IPv6Address(at))


def _text(prefix: Prefix) -> str:
    kind = ipaddress.IPv4Address if prefix.version == 4 else ipaddress.IPv6Address
    return str(kind(prefix.first))


class Number(NamedTuple):
    """A class of ports by one that is of it."""

    protocol: int
    number: int | None


def numbers_of(cluster: Cluster, options: Options, axis: Axis) -> dict[int, Number]:
    """One of each class of ports."""
    book = book_of(cluster, options, axis)
    found: dict[int, Number] = {}
    for protocol, slot in WITH_NUMBERS.items():
        if slot < len(book.ports.class_of):
            for number, class_ in enumerate(book.ports.class_of[slot].tolist()):
                found.setdefault(class_, Number(protocol, number))
    for protocol, class_ in book.ports.alone.items():
        found[class_] = Number(protocol, None)
    other = next(p for p in range(200, 256) if p not in book.ports.alone)
    found[book.ports.other] = Number(other, None)
    return found


def sources_of(cluster: Cluster, options: Options, axis: Axis) -> list[int]:
    """A source port of each class; one where nobody asks."""
    class_of = book_of(cluster, options, axis).sources.class_of.tolist()
    ports: dict[int, int] = {}
    for port, class_ in enumerate(class_of[1:]):
        ports.setdefault(class_, port)
    return [ports[class_] for class_ in sorted(ports)] or [40000]


def book_of(cluster: Cluster, options: Options, axis: Axis) -> Rulebook:
    written = [policy for policy in cluster.policies if policy.tier.layer is Layer.NETWORK]
    return Rulebook.of(axis, cluster, written, options)


def flow(src: End, dst: End, number: Number, source: int) -> Tuple5:
    is_icmp = number.protocol in (1, 58)
    has_number = number.number is not None
    return Tuple5(
        src.address,
        dst.address,
        number.protocol,
        None if is_icmp or not has_number else number.number,
        *(src.namespace, src.pod, src.workload),
        *(dst.namespace, dst.pod, dst.workload),
        src_pod_uid=src.uid,
        dst_pod_uid=dst.uid,
        initiator=1,
        src_port=source if number.protocol in (6, 17, 132) else None,
        icmp_type=(number.number or 0) >> 8 if is_icmp and has_number else None,
        icmp_code=(number.number or 0) & 255 if is_icmp and has_number else None,
    )


def side(reference: Reference, one: Tuple5, direction: Direction) -> Side:
    judged = reference.judge(one)
    return judged.ingress if direction is Direction.INGRESS else judged.egress


def all_flows(ends: Sequence[End], numbers: Sequence[Number], sources: Sequence[int]) -> Iterator[Tuple5]:
    for src in ends:
        for dst in ends:
            if {src.family, dst.family} == {4, 6}:
                continue
            for number in numbers:
                for source in sources if number.protocol in (6, 17, 132) else sources[:1]:
                    yield flow(src, dst, number, source)


def leads_elsewhere(cluster: Cluster) -> bool:
    """Whether what is sent to a node may be for somebody else."""
    return bool(cluster.services) or any(port.host_port for pod in cluster.pods for port in pod.ports)

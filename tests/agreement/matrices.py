"""A matrix worked out the slow way: every pair of pods and addresses asked of the reference, port by port."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from flowcheck.compile import compile_program
from flowcheck.engines.named import joined
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.options import Options
from flowcheck.model.timeline import END
from flowcheck.reach.build import Wanted, build
from flowcheck.reach.codes import reasons_of, verdicts_of
from flowcheck.reach.matrix import Matrix
from flowcheck.reach.parties import NODES, Party
from flowcheck.reach.ports import NO_NUMBER, Stretch
from flowcheck.reference import Reference, Tuple5
from tests.agreement.strategies import ELSEWHERE, OUTSIDE, edges_of, nodes_have

LOST = ("ambiguous_src", "ambiguous_dst", "unresolved_src", "unresolved_dst")
"""Of whom nobody knows who it is, a matrix says nothing."""
Said = frozenset[tuple[str, str]]
"""Verdicts, each with the reason of an unknown one."""


class One(NamedTuple):
    """An end: whom it stands for, which pod or node it is, how a flow names it, and the pod's node, of which
    a matrix says nothing in particular."""

    party: str
    who: str
    address: str | None
    namespace: str | None = None
    pod: str | None = None
    workload: str | None = None
    uid: str | None = None
    node: str = ""

    @property
    def family(self) -> int:
        return ipaddress.ip_address(self.address).version if self.address else 0

    @property
    def outside(self) -> bool:
        return self.who.startswith("address/")


class Difference(NamedTuple):
    source: str
    destination: str
    stretch: Stretch
    expected: Said
    said: Said


def differences(
    cluster: Cluster, options: Options, at_most: int = 8, *, nodes: bool = False
) -> tuple[list[Difference], int]:
    """Where the two paths do not say the same, and how many cells were compared. Of the stretches so many are
    asked, from first to last."""
    if not cluster.is_static:
        cluster = replace(cluster, policies=joined(cluster.policies, END - 1)).at(END - 1)
    program = compile_program(cluster, options)
    matrix = build(program, Wanted(nodes=nodes))
    reference = Reference(cluster, options)
    ends = [*_pods(cluster), *_outside(cluster, matrix), *(_nodes(cluster) if nodes else ())]
    step = max(1, len(matrix.stretches) // at_most)
    places = range(0, len(matrix.stretches), step)
    row = {party.name: place for place, party in enumerate(matrix.sources)}
    found, compared = [], 0
    for place in places:
        stretch = matrix.stretches[place]
        expected = _expected(reference, ends, stretch)
        if _has_doors(cluster):  # a node's port may lead to a pod, which is not what is asked here
            expected = {pair: said for pair, said in expected.items() if pair[1] != NODES}
        for (source, destination), verdicts in expected.items():
            mask = int(matrix.masks[matrix.cells[row[source], row[destination]], place])
            said = _of_mask(mask)
            compared += 1
            if verdicts != said and not (NODES in (source, destination) and verdicts <= said):
                found.append(Difference(source, destination, stretch, verdicts, said))
    return found, compared


def _expected(reference: Reference, ends: Sequence[One], stretch: Stretch) -> dict[tuple[str, str], Said]:
    """What is said of every pair of parties of which any two ends are known."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for src in ends:
        for dst in ends:
            own_node = src.who == dst.node or dst.who == src.node
            if (
                src.who == dst.who
                or own_node
                or {src.family, dst.family} == {4, 6}
                or (src.outside and dst.outside)
            ):
                continue
            for number in dict.fromkeys((stretch.first, stretch.last)):
                judged = reference.judge(_flow(src, dst, stretch.protocol, number))
                if judged.reason in LOST or str(judged.verdict) == "not_applicable":
                    continue
                if not (_is_there(src, judged.src_quality) and _is_there(dst, judged.dst_quality)):
                    continue
                key = src.party, dst.party
                found.setdefault(key, set()).add((str(judged.verdict), str(judged.reason)))
    return {key: frozenset(said) for key, said in found.items()}


def _is_there(end: One, quality: str) -> bool:
    """Not: an address outside that is a Service's or a node's after all."""
    return not end.outside or quality == "external"


def _flow(src: One, dst: One, protocol: int, number: int) -> Tuple5:
    is_icmp = protocol in (1, 58)
    return Tuple5(
        src.address,
        dst.address,
        protocol,
        None if is_icmp or number == NO_NUMBER else number,
        *(src.namespace, src.pod, src.workload),
        *(dst.namespace, dst.pod, dst.workload),
        src_pod_uid=src.uid,
        dst_pod_uid=dst.uid,
        initiator=1,
        icmp_type=number >> 8 if is_icmp and number != NO_NUMBER else None,
        icmp_code=number & 255 if is_icmp and number != NO_NUMBER else None,
    )


def _has_doors(cluster: Cluster) -> bool:
    return bool(cluster.services) or any(port.host_port for pod in cluster.pods for port in pod.ports)


def _pods(cluster: Cluster) -> Iterator[One]:
    for pod in cluster.pods:
        if pod.finished or pod.host_network:
            continue
        who = f"{pod.namespace}/{pod.name}/{pod.uid}/{pod.template}"
        for address in pod.addresses or (None,):
            name, workload = (None, pod.workload.name) if pod.template else (pod.name, None)
            named = pod.namespace, name, workload, pod.uid or None
            yield One(str(pod.workload), who, _text(address), *named, f"node/{pod.node}" if pod.node else "")


def _nodes(cluster: Cluster) -> Iterator[One]:
    for node in cluster.nodes:
        for address in node.addresses:
            yield One(NODES, f"node/{node.name}", _text(address))


def _outside(cluster: Cluster, matrix: Matrix) -> Iterator[One]:
    """Addresses at the edges of blocks and elsewhere, each for the smallest block of the matrix around it."""
    taken = {_text(one) for one in (*nodes_have(cluster), *_pod_addresses(cluster.pods))}
    addresses = [
        edge
        for policy in cluster.policies
        for rule in (*policy.ingress, *policy.egress)
        for peer in rule.peers or ()
        if hasattr(peer, "cidr")
        for edge in edges_of(peer)
    ]
    for text in dict.fromkeys(_text(one) for one in (*addresses, *ELSEWHERE, *OUTSIDE)):
        if text not in taken and (block := _block_around(text, matrix.sources)):
            yield One(block.name, f"address/{text}", text)


def _block_around(address: str | None, parties: Sequence[Party]) -> Party | None:
    around = [
        party
        for party in parties
        if party.prefix is not None
        and ipaddress.ip_address(address or "") in ipaddress.ip_network(str(party.prefix))
    ]
    return max(around, key=lambda party: party.prefix.prefixlen if party.prefix else 0, default=None)


def _pod_addresses(pods: Sequence[Pod]) -> Iterator[str]:
    for pod in pods:
        yield from (*pod.addresses, *pod.secondary_addresses)


def _text(address: str | None) -> str | None:
    if address is None:
        return None
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _of_mask(mask: int) -> Said:
    reasons = reasons_of(mask)
    kinds = verdicts_of(mask)
    return frozenset(
        [(kind, "") for kind in kinds if kind != "unknown"] + [("unknown", reason) for reason in reasons]
    )

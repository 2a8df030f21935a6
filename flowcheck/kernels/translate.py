"""Flows to a Service's address or a node's port: judged at the backends that the translation may lead to."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Int32, Int64, Integer, Judged, Tables, UInt8
from flowcheck.kernels.decide import TRANSLATED, decide_pair, epoch_at, port_class
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.lookup import find_word, last_begun
from flowcheck.kernels.words import port_word

N_RANKS = 2
MARKED_WAYS = 64
EVERYWHERE, EACH = -2, -1
"""Which backends may be asked, where it is not those on one node: all, or on each node those of that node."""


@kernel
def at_service(first: Int32, slots: Int32, ports: Int32, service: int, slot: int, port: int) -> int:
    """The service port of a Service with this number and protocol, or NOT_ONE."""
    for found in range(first[service], first[service + 1]):
        if slots[found] == slot and ports[found] == port:
            return found
    return a.NOT_ONE


@kernel
def at_node_port(words: Int32, firsts: Int32, starts: Int64, leads: Int32, word: Integer, at: int) -> int:
    """The service port that a port of every node led to at a time, NOT_ONE, or SEVERAL.

    word: a port word; the arrays are fields of Doors and ServicePorts.
    """
    number = find_word(words, 0, words.size, word)
    if number < 0:
        return a.NOT_ONE
    led: int = leads[last_begun(starts, firsts[number], firsts[number + 1], at)]
    return led


@kernel
def find_service_ports(
    tables: Tables, flows: FlowArrays, verdict: UInt8, found: Int32, host_ports: Int32
) -> None:
    """Where each row's destination leads, each (flows,) int32. found: the service port, NOT_ONE or SEVERAL.
    host_ports: where it is none, the segment of the host port, or NOT_ONE.

    Only rows whose ``verdict`` is TRANSLATED are looked at; the others get NOT_ONE.
    """
    endpoints, service_ports, doors = tables.endpoints, tables.services.ports, tables.services.doors
    first, slots, ports = service_ports.first, service_ports.slot, service_ports.port
    words, firsts = doors.node_port, doors.node_port_first
    starts, leads = doors.node_port_start, doors.node_port_leads
    host_first, host_word, host_segment = doors.host_first, doors.host_word, doors.host_segment
    host_start, host_leads = doors.host_start, doors.host_leads
    dst_of, port_of, protocol_of, seen_at = flows.dst, flows.port, flows.protocol, flows.seen_at
    for i in range(dst_of.size):
        found[i] = a.NOT_ONE
        host_ports[i] = a.NOT_ONE
        dst, slot, port = dst_of[i], a.PROTOCOL_SLOT[protocol_of[i]], port_of[i]
        if verdict[i] != TRANSLATED or slot == a.N_REAL_PROTOCOLS or port < 0:
            continue
        if endpoints[dst, a.KIND] == a.KIND_SERVICE:
            found[i] = at_service(first, slots, ports, endpoints[dst, a.NUMBER], slot, port)
            continue
        word = port_word(slot, port)
        found[i] = at_node_port(words, firsts, starts, leads, word, seen_at[i])
        if found[i] != a.NOT_ONE:
            continue
        door = find_word(host_word, host_first[dst], host_first[dst + 1], word)
        if door >= 0:
            segment = last_begun(host_start, host_segment[door], host_segment[door + 1], seen_at[i])
            if host_leads[segment] == a.SEVERAL:
                found[i] = a.SEVERAL
            elif host_leads[segment] >= 0:
                host_ports[i] = segment


@kernel
def place_asked(inner_local: int, outer_local: int, reached: int, kind: int, node: int) -> int:
    """On which node backends are asked, EVERYWHERE or EACH. kind, node: of the client; node -1: not known.

    inner_local, outer_local: of the service port. reached: of the address that was dialled. To clients inside
    the cluster addresses for those outside are like any other.
    Source: core/v1 ServiceSpec, internalTrafficPolicy and externalTrafficPolicy; kube-proxy.
    """
    outside = kind == a.KIND_BLOCK or kind == a.KIND_SECONDARY
    if reached == a.INNER:
        if inner_local == 0:
            return EVERYWHERE
        return EACH if outside else node
    return reached if outside and outer_local != 0 else EVERYWHERE


@kernel
def best_rank(
    start_of: Int64,
    end_of: Int64,
    family_of: Int32,
    rank_of: Int32,
    place_of: Int32,
    first: int,
    last: int,
    at: int,
    family: int,
    place: int,
) -> int:
    """The best rank of the backends ``first:last`` that are there at a time and place, for a family (0: any).

    The arrays are fields of BackendTable.
    """
    best = N_RANKS
    for b in range(first, last):
        if place != EVERYWHERE and place_of[b] != place:
            continue
        if start_of[b] <= at < end_of[b] and (family_of[b] == family or family_of[b] == 0 or family == 0):
            best = min(best, rank_of[b])
    return best


@kernel
def is_usable(
    start_of: Int64,
    end_of: Int64,
    family_of: Int32,
    rank_of: Int32,
    place_of: Int32,
    first: int,
    last: int,
    at: int,
    family: int,
    place: int,
    best: int,
    b: int,
) -> bool:
    """Whether a backend may get a connection: of the best rank there is, of all or of those on its node.

    best: as from :func:`best_rank` at ``place``. Arguments as there; the arrays are fields of BackendTable.
    """
    if not start_of[b] <= at < end_of[b]:
        return False
    if family_of[b] != family and family_of[b] != 0 and family != 0:
        return False
    own: int = place_of[b]
    rank: int = rank_of[b]
    if place == EACH:
        if own < 0 or rank == 0:
            return own >= 0
        return rank == best_rank(start_of, end_of, family_of, rank_of, place_of, first, last, at, family, own)
    return rank == best and (place == EVERYWHERE or own == place)


@kernel
def judge_translated(
    tables: Tables, flows: FlowArrays, service_ports: Int32, host_ports: Int32, judged: Judged
) -> None:
    """Judge the rows that are TRANSLATED at every usable backend: what all of them say, or that they differ.

    service_ports, host_ports (flows,) int32: as from :func:`find_service_ports`. Ready backends are used, or
    where none is, those that serve while they terminate; of the family of the address, and where the Service
    says so of one node only. Of backends that no policy tells apart one is judged; the source itself, and
    pods on the source's node, always are. What nothing stands behind is judged as it is.

    What :func:`best_rank` and :func:`is_usable` say is written out here for the common case: called for every
    backend, or inlined by Numba, they make a row six times as long (54 ns, 330 ns, 290 ns).
    """
    endpoints, epoch_start, verdicts = tables.endpoints, tables.epoch_start, tables.verdict
    port_classes, without_port, own_peer = tables.port_class, tables.without_port, tables.own_peer
    families, sources, n_sources = tables.services.doors.family, tables.source_class, tables.n_sources
    going_out, coming_in = tables.egress, tables.ingress
    of_ports, doors, backends = tables.services.ports, tables.services.doors, tables.services.backends
    backend_first, backend_of, backend_port = backends.first, backends.endpoint, backends.port
    start_of, end_of, rank_of = backends.start, backends.end, backends.rank
    way_of, pod_of, node_of = backends.way, backends.pod, backends.node
    family_of, place_of = backends.family, backends.on_node
    inner_local, outer_local, reached = of_ports.inner_local, of_ports.outer_local, doors.reached
    host_leads, host_port = doors.host_leads, doors.host_port
    src_of, dst_of, seen_at, protocol_of = flows.src, flows.dst, flows.seen_at, flows.protocol
    epoch = 0
    for i in range(src_of.size):
        if judged.verdict[i] != TRANSLATED:
            continue
        src, at, protocol = src_of[i], seen_at[i], protocol_of[i]
        epoch = epoch_at(epoch_start, at, epoch)
        row = epoch if n_sources == 1 else epoch * n_sources + sources[flows.src_port[i] + 1]
        is_known = endpoints[src, a.KIND] < a.KIND_UNRESOLVED
        service_port = service_ports[i] if is_known else a.NOT_ONE
        first, last, family = 0, 1 if service_port == a.NOT_ONE else 0, 0
        place, best = EVERYWHERE, N_RANKS
        if service_port >= 0:
            first, last = backend_first[service_port], backend_first[service_port + 1]
            family = families[dst_of[i]]
            place = place_asked(
                inner_local[service_port],
                outer_local[service_port],
                reached[dst_of[i]],
                endpoints[src, a.KIND],
                endpoints[src, a.NODE],
            )
            for b in range(first, last):
                here = place == EVERYWHERE or place_of[b] == place
                if here and start_of[b] <= at < end_of[b] and (family_of[b] == family or family_of[b] == 0):
                    best = min(best, rank_of[b])
        reason = a.REASON_AMBIGUOUS_DST if service_port == a.SEVERAL else a.REASON_UNRESOLVED_DST
        egress = ingress = a.UNKNOWN_DECISION + reason
        verdict = -1
        pod = endpoints[src, a.POD]
        node = endpoints[src, a.NODE] if endpoints[src, a.KIND] == a.KIND_NODE else -1
        marked = np.uint64(0)
        for b in range(first, last):
            dst, port = dst_of[i], flows.port[i]
            if service_port >= 0:
                if not start_of[b] <= at < end_of[b] or (place != EACH and rank_of[b] != best):
                    continue
                if family_of[b] != family and family_of[b] != 0:
                    continue
                if place != EVERYWHERE and not is_usable(
                    start_of, end_of, family_of, rank_of, place_of, first, last, at, family, place, best, b
                ):
                    continue
                special = (pod >= 0 and pod_of[b] == pod) or (node >= 0 and node_of[b] == node)
                if not special and way_of[b] < MARKED_WAYS:
                    bit = np.uint64(1) << np.uint64(way_of[b])
                    if marked & bit != np.uint64(0):
                        continue
                    marked |= bit
                dst, port = backend_of[b], backend_port[b]
            elif host_ports[i] >= 0:
                dst, port = host_leads[host_ports[i]], host_port[host_ports[i]]
            ports = port_class(port_classes, without_port, protocol, port)
            out, into = decide_pair(endpoints, own_peer, going_out, coming_in, row, src, dst, ports)
            said = a.VERDICT[verdicts[out], verdicts[into]]
            if verdict == -1:
                egress, ingress, verdict = out, into, said
            elif said != verdict:
                egress = ingress = a.UNKNOWN_DECISION + a.REASON_SERVICE_BACKENDS_DIFFER
                break
        joint = a.VERDICT[verdicts[egress], verdicts[ingress]]
        judged.egress[i] = egress
        judged.ingress[i] = ingress
        judged.verdict[i] = joint
        judged.violation[i] = a.VIOLATION[joint, flows.observed[i]]

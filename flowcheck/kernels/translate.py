"""Flows to a Service's address or a node's port: judged at the backends that the translation may lead to."""

import numpy as np

from flowcheck import arrays as a
from flowcheck.kernels.decide import (
    TRANSLATED,
    combine,
    epoch_at,
    is_own_node,
    is_same_pod,
    port_class,
    side,
    violation_of,
)
from flowcheck.kernels.jit import kernel

NOT_ONE, SEVERAL = -1, -2
N_RANKS = 2
MARKED_WAYS = 64


@kernel
def at_service(first, slots, ports, service, slot, port):
    """The service port of a Service with this number and protocol, or NOT_ONE."""
    for found in range(first[service], first[service + 1]):
        if slots[found] == slot and ports[found] == port:
            return found
    return NOT_ONE


@kernel
def at_node_port(words, firsts, starts, leads, word, at):
    """The service port that a port of every node led to at a time, NOT_ONE, or SEVERAL.

    word: ``slot << 16 | port``; the arrays are the fields of ServiceTable.
    """
    number = np.searchsorted(words, word)
    if number == words.size or words[number] != word:
        return NOT_ONE
    segment = firsts[number]
    while segment + 1 < firsts[number + 1] and starts[segment + 1] <= at:
        segment += 1
    return leads[segment]


@kernel
def find_service_ports(tables, flows, verdict, found):
    """found (flows,) int32: the service port that each row's destination stands for, NOT_ONE or SEVERAL.

    Only rows whose ``verdict`` is TRANSLATED are looked at; the others get NOT_ONE.
    """
    endpoints, services = tables.endpoints, tables.services
    first, slots, ports = services.first, services.slot, services.port
    words, firsts = services.node_port, services.node_port_first
    starts, leads = services.node_port_start, services.node_port_leads
    dst_of, port_of, protocol_of, seen_at = flows.dst, flows.port, flows.protocol, flows.seen_at
    for i in range(dst_of.size):
        found[i] = NOT_ONE
        slot, port = a.PROTOCOL_SLOT[protocol_of[i]], port_of[i]
        if verdict[i] != TRANSLATED or slot == a.N_REAL_PROTOCOLS or port < 0:
            continue
        if endpoints[dst_of[i], a.KIND] == a.KIND_SERVICE:
            found[i] = at_service(first, slots, ports, endpoints[dst_of[i], a.NODE], slot, port)
        else:
            word = (np.int32(slot) << 16) | np.int32(port)
            found[i] = at_node_port(words, firsts, starts, leads, word, seen_at[i])


@kernel
def judge_translated(tables, flows, service_ports, judged):
    """Judge the rows that are TRANSLATED at every usable backend: what all of them say, or that they differ.

    service_ports (flows,) int32: as from :func:`find_service_ports`. Ready backends are used, or where none
    is, those that serve while they terminate; of the family of the address. Of backends that no policy tells
    apart one is judged; the source itself, and pods on the source's node, always are. What no Service stands
    behind is judged as it is.
    """
    endpoints, epoch_start, verdicts = tables.endpoints, tables.epoch_start, tables.verdict
    port_classes, other_port, families = tables.port_class, tables.other_port, tables.services.family
    out_row, out_vector, out_decision = tables.egress.row, tables.egress.vector, tables.egress.decision
    in_row, in_vector, in_decision = tables.ingress.row, tables.ingress.vector, tables.ingress.decision
    services = tables.services
    backend_first, backend_of, backend_port = services.backend_first, services.backend, services.backend_port
    start_of, end_of, rank_of = services.backend_start, services.backend_end, services.backend_rank
    way_of, pod_of, node_of = services.backend_way, services.backend_pod, services.backend_node
    family_of = services.backend_family
    src_of, dst_of, seen_at, protocol_of = flows.src, flows.dst, flows.seen_at, flows.protocol
    epoch = 0
    for i in range(src_of.size):
        if judged.verdict[i] != TRANSLATED:
            continue
        src, at, protocol = src_of[i], seen_at[i], protocol_of[i]
        epoch = epoch_at(epoch_start, at, epoch)
        is_known = endpoints[src, a.KIND] < a.KIND_UNRESOLVED
        service_port = service_ports[i] if is_known else NOT_ONE
        first, last, family, best = 0, 1 if service_port == NOT_ONE else 0, 0, N_RANKS
        if service_port >= 0:
            first, last = backend_first[service_port], backend_first[service_port + 1]
            family = families[dst_of[i]]
            for b in range(first, last):
                if start_of[b] <= at < end_of[b] and (family_of[b] == family or family_of[b] == 0):
                    best = min(best, rank_of[b])
        reason = a.REASON_AMBIGUOUS_DST if service_port == SEVERAL else a.REASON_UNRESOLVED_DST
        egress = np.int32(a.UNKNOWN_DECISION + reason)
        ingress = egress
        verdict = -1
        pod = endpoints[src, a.POD]
        node = endpoints[src, a.NODE] if endpoints[src, a.KIND] == a.KIND_NODE else -1
        marked = np.uint64(0)
        for b in range(first, last):
            dst, port = dst_of[i], flows.port[i]
            if service_port >= 0:
                if rank_of[b] != best or not start_of[b] <= at < end_of[b]:
                    continue
                if family_of[b] != family and family_of[b] != 0:
                    continue
                special = (pod >= 0 and pod_of[b] == pod) or (node >= 0 and node_of[b] == node)
                if not special and way_of[b] < MARKED_WAYS:
                    bit = np.uint64(1) << np.uint64(way_of[b])
                    if marked & bit != np.uint64(0):
                        continue
                    marked |= bit
                dst, port = backend_of[b], backend_port[b]
            if is_same_pod(endpoints, src, dst):
                out = np.int32(a.SAME_POD)
                into = out
            else:
                ports = port_class(port_classes, other_port, protocol, port)
                subject, peer = endpoints[src, a.EGRESS_SUBJECT], endpoints[dst, a.EGRESS_PEER]
                out = side(out_row, out_vector, out_decision, epoch, subject, peer, ports)
                subject, peer = endpoints[dst, a.INGRESS_SUBJECT], endpoints[src, a.INGRESS_PEER]
                into = np.int32(a.OWN_NODE)
                if not is_own_node(endpoints, src, dst):
                    into = side(in_row, in_vector, in_decision, epoch, subject, peer, ports)
            said = combine(verdicts[out], verdicts[into])
            if verdict == -1:
                egress, ingress, verdict = out, into, said
            elif said != verdict:
                egress = np.int32(a.UNKNOWN_DECISION + a.REASON_SERVICE_BACKENDS_DIFFER)
                ingress = egress
                break
        joint = combine(verdicts[egress], verdicts[ingress])
        judged.egress[i] = egress
        judged.ingress[i] = ingress
        judged.verdict[i] = joint
        judged.violation[i] = violation_of(joint, flows.observed[i])

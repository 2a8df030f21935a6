"""Per flow: endpoints -> classes -> decision, in constant work; and whether the log disagrees."""

import numpy as np

from flowcheck import arrays as a
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.lookup import last_begun

OBSERVED_ALLOWED, OBSERVED_DENIED, OBSERVED_AUDIT, OBSERVED_DROPPED = range(1, 5)
FORWARDED_DENIED, DROPPED_ALLOWED = 1, 2
TRANSLATED = 255
"""The verdict of rows that :mod:`flowcheck.kernels.translate` is yet to judge."""


@kernel
def port_class(port_classes, other_port, protocol, port):
    """The port class of one flow; ``port`` is -1 where it was not recorded."""
    slot = a.PROTOCOL_SLOT[protocol]
    if slot == a.N_REAL_PROTOCOLS:
        return other_port
    if port < 0:
        return other_port + 1 + slot
    return np.int64(port_classes[slot, port])


@kernel
def combine(egress, ingress):
    """The verdict of a connection from its sides': a denial wins, then doubt, then an allow."""
    if egress == a.DENY or ingress == a.DENY:
        return a.DENY
    if egress == a.UNKNOWN or ingress == a.UNKNOWN:
        return a.UNKNOWN
    if egress == a.ALLOW or ingress == a.ALLOW:
        return a.ALLOW
    return a.NOT_APPLICABLE


@kernel
def violation_of(verdict, observed):
    """Forwarded though denied, dropped by policy though allowed, or neither."""
    if verdict == a.DENY and observed != OBSERVED_DENIED and observed != OBSERVED_DROPPED:
        return FORWARDED_DENIED
    if verdict == a.ALLOW and observed == OBSERVED_DENIED:
        return DROPPED_ALLOWED
    return 0


@kernel
def epoch_at(starts, at, current):
    """The epoch of an instant; ``current`` is a guess, right for most flows of a log in order of time."""
    last = starts.size - 1
    if starts[current] <= at and (current == last or at < starts[current + 1]):
        return current
    return last_begun(starts, 0, starts.size, at)


@kernel
def side(rows, vectors, decisions, epoch, subject, peer, ports):
    """The decision of one direction's table for a subject and a peer class."""
    return decisions[vectors[rows[epoch, subject], peer], ports]


@kernel
def is_same_pod(endpoints, src, dst):
    """A pod's traffic to itself, which nothing can forbid."""
    return endpoints[src, a.POD] >= 0 and endpoints[src, a.POD] == endpoints[dst, a.POD]


@kernel
def is_own_node(endpoints, src, dst):
    """Traffic to a pod from the node it runs on, which nothing can forbid."""
    return (
        endpoints[src, a.KIND] == a.KIND_NODE
        and endpoints[dst, a.KIND] == a.KIND_POD
        and endpoints[src, a.NODE] >= 0
        and endpoints[src, a.NODE] == endpoints[dst, a.NODE]
    )


@kernel
def judge(tables, flows, judged):
    """Judge every row of a batch whose ``flows.judge`` is not 0; the others are left as they are.

    Rows whose destination a Service may stand behind get the verdict TRANSLATED; returns how many there are.
    Arrays are taken out of their tuples before the loop, and no tuple is handed on in it: that alone would
    cost many times the work.
    """
    endpoints, epoch_start, verdicts = tables.endpoints, tables.epoch_start, tables.verdict
    port_classes, other_port, family = tables.port_class, tables.other_port, tables.services.family
    out_row, out_vector, out_decision = tables.egress.row, tables.egress.vector, tables.egress.decision
    in_row, in_vector, in_decision = tables.ingress.row, tables.ingress.vector, tables.ingress.decision
    has_doors = tables.services.node_port.size + tables.services.host_word.size > 0
    src_of, dst_of, judge_of, seen_at = flows.src, flows.dst, flows.judge, flows.seen_at
    protocol_of, port_of, observed_of = flows.protocol, flows.port, flows.observed
    egress_to, ingress_to, verdict_to = judged.egress, judged.ingress, judged.verdict
    violation_to = judged.violation
    epoch = 0
    n_translated = 0
    for i in range(src_of.size):
        if judge_of[i] == 0:
            continue
        src, dst = src_of[i], dst_of[i]
        egress = np.int32(a.UNKNOWN_DECISION + a.REASON_UNKNOWN_INITIATOR)
        ingress = egress
        if judge_of[i] == 1:
            kind = endpoints[dst, a.KIND]
            if kind == a.KIND_SERVICE or (kind == a.KIND_NODE and has_doors and family[dst] != 0):
                verdict_to[i] = TRANSLATED
                n_translated += 1
                continue
            if is_same_pod(endpoints, src, dst):
                egress = np.int32(a.SAME_POD)
                ingress = egress
            else:
                epoch = epoch_at(epoch_start, seen_at[i], epoch)
                ports = port_class(port_classes, other_port, protocol_of[i], port_of[i])
                subject, peer = endpoints[src, a.EGRESS_SUBJECT], endpoints[dst, a.EGRESS_PEER]
                egress = side(out_row, out_vector, out_decision, epoch, subject, peer, ports)
                subject, peer = endpoints[dst, a.INGRESS_SUBJECT], endpoints[src, a.INGRESS_PEER]
                ingress = np.int32(a.OWN_NODE)
                if not is_own_node(endpoints, src, dst):
                    ingress = side(in_row, in_vector, in_decision, epoch, subject, peer, ports)
        verdict = combine(verdicts[egress], verdicts[ingress])
        egress_to[i] = egress
        ingress_to[i] = ingress
        verdict_to[i] = verdict
        violation_to[i] = violation_of(verdict, observed_of[i])
    return n_translated

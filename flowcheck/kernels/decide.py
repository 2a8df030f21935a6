"""Per flow: endpoints -> classes -> decision, in constant work; and whether the log disagrees."""

from flowcheck import arrays as a
from flowcheck.kernels.jit import kernel

OBSERVED_DENIED, OBSERVED_DROPPED = 2, 4
FORWARDED_DENIED, DROPPED_ALLOWED = 1, 2


@kernel
def port_class(tables, protocol, port):
    """The port class of one flow; ``port`` is -1 where it was not recorded."""
    slot = a.PROTOCOL_SLOT[protocol]
    if slot == a.N_REAL_PROTOCOLS:
        return tables.other_port
    if port < 0:
        return tables.other_port + 1 + slot
    return tables.port_class[slot, port]


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
def judge(tables, flows, judged):
    """Judge every row of a batch whose ``flows.judge`` is not 0; the others are left as they are."""
    endpoints = tables.endpoints
    for i in range(flows.src.size):
        if flows.judge[i] == 0:
            continue
        src = flows.src[i]
        dst = flows.dst[i]
        if flows.judge[i] == 2:
            egress = a.UNKNOWN_DECISION + a.REASON_UNKNOWN_INITIATOR
            ingress = egress
        elif endpoints[src, a.POD] >= 0 and endpoints[src, a.POD] == endpoints[dst, a.POD]:
            egress = a.SAME_POD
            ingress = a.SAME_POD
        else:
            port = port_class(tables, flows.protocol[i], flows.port[i])
            cell = tables.egress.vector[endpoints[src, a.EGRESS_SUBJECT], endpoints[dst, a.EGRESS_PEER]]
            egress = tables.egress.decision[cell, port]
            if (
                endpoints[src, a.KIND] == a.KIND_NODE
                and endpoints[dst, a.KIND] == a.KIND_POD
                and endpoints[src, a.NODE] >= 0
                and endpoints[src, a.NODE] == endpoints[dst, a.NODE]
            ):
                ingress = a.OWN_NODE
            else:
                cell = tables.ingress.vector[
                    endpoints[dst, a.INGRESS_SUBJECT], endpoints[src, a.INGRESS_PEER]
                ]
                ingress = tables.ingress.decision[cell, port]
        verdict = combine(tables.verdict[egress], tables.verdict[ingress])
        judged.egress[i] = egress
        judged.ingress[i] = ingress
        judged.verdict[i] = verdict
        judged.violation[i] = violation_of(verdict, flows.observed[i])

"""Per flow: endpoints -> classes -> decision, in constant work; and whether the log disagrees."""

from __future__ import annotations

from flowcheck import arrays as a
from flowcheck.arrays import DirectionTable, FlowArrays, Int32, Int64, Judged, Tables, UInt16
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.lookup import last_begun

TRANSLATED = 255
"""The verdict of rows that :mod:`flowcheck.kernels.translate` is yet to judge."""


@kernel
def port_class(port_classes: UInt16, without_port: Int32, protocol: int, port: int) -> int:
    """The port class of one flow; ``port``, of ICMP type * 256 + code, is -1 where it was not recorded."""
    slot = a.NUMBERED_SLOT[protocol]
    if port < 0 or slot >= port_classes.shape[0]:
        lacking: int = without_port[protocol]
        return lacking
    found: int = port_classes[slot, port]
    return found


@kernel
def epoch_at(starts: Int64, at: int, current: int) -> int:
    """The epoch of an instant; ``current`` is a guess, right for most flows of a log in order of time."""
    last = starts.size - 1
    if starts[current] <= at and (current == last or at < starts[current + 1]):
        return current
    return last_begun(starts, 0, starts.size, at)


@kernel
def is_same_pod(endpoints: Int32, src: int, dst: int) -> bool:
    """A pod's traffic to itself, which nothing can forbid, unless the tables tell pods from nobody."""
    pod: int = endpoints[src, a.POD]
    return pod >= 0 and pod == endpoints[dst, a.POD]


@kernel
def is_own_node(endpoints: Int32, src: int, dst: int) -> bool:
    """Traffic to a pod from the node it runs on."""
    node: int = endpoints[src, a.NODE]
    is_node, is_pod = endpoints[src, a.KIND] == a.KIND_NODE, endpoints[dst, a.KIND] == a.KIND_POD
    return is_node and is_pod and node >= 0 and node == endpoints[dst, a.NODE]


@inlined
def decide_pair(
    endpoints: Int32,
    own_peer: Int32,
    going_out: DirectionTable,
    coming_in: DirectionTable,
    row: int,
    src: int,
    dst: int,
    ports: int,
) -> tuple[int, int]:
    """What decides on either side of one pair of endpoints: (egress, ingress). Where no policy tells a node
    from a pod's own, nothing can forbid what that sends to the pod.

    going_out, coming_in: the DirectionTables of egress and ingress. row: of epoch and source class.
    """
    if is_same_pod(endpoints, src, dst):
        return a.SAME_POD, a.SAME_POD
    tells_apart = own_peer.shape[0] > 0
    subject, peer = endpoints[src, a.EGRESS_SUBJECT], endpoints[dst, a.EGRESS_PEER]
    if tells_apart and is_own_node(endpoints, dst, src):
        peer = own_peer[dst, 1]
    egress = going_out.decision[going_out.vector[going_out.row[row, subject], peer], ports]
    subject, peer = endpoints[dst, a.INGRESS_SUBJECT], endpoints[src, a.INGRESS_PEER]
    if is_own_node(endpoints, src, dst):
        if not tells_apart:
            return egress, a.OWN_NODE
        peer = own_peer[src, 0]
    return egress, coming_in.decision[coming_in.vector[coming_in.row[row, subject], peer], ports]


@kernel
def judge_pair(
    tables: Tables, src: int, dst: int, protocol: int, port: int, source_port: int
) -> tuple[int, int, int]:
    """(egress, ingress, verdict) of one pair in the first epoch, its destination as it is: not translated.
    source_port: -1 not recorded."""
    ports = port_class(tables.port_class, tables.without_port, protocol, port)
    own_peer, egress_table, ingress_table = tables.own_peer, tables.egress, tables.ingress
    row = 0 if tables.n_sources == 1 else tables.source_class[source_port + 1]
    egress, ingress = decide_pair(
        tables.endpoints, own_peer, egress_table, ingress_table, row, src, dst, ports
    )
    return egress, ingress, a.VERDICT[tables.verdict[egress], tables.verdict[ingress]]


@kernel
def judge(tables: Tables, flows: FlowArrays, judged: Judged) -> int:
    """Judge every row of a batch whose ``flows.judge`` is not 0; the others are left as they are.

    Rows whose destination a Service may stand behind get the verdict TRANSLATED; returns how many there are.
    Arrays are taken out of their tuples before the loop, and in it no tuple is handed on but to what is
    inlined: that alone would cost many times the work.
    """
    endpoints, epoch_start, verdicts = tables.endpoints, tables.epoch_start, tables.verdict
    port_classes, without_port, own_peer = tables.port_class, tables.without_port, tables.own_peer
    family, sources, n_sources = tables.services.doors.family, tables.source_class, tables.n_sources
    going_out, coming_in = tables.egress, tables.ingress
    has_doors = tables.services.doors.node_port.size + tables.services.doors.host_word.size > 0
    src_of, dst_of, judge_of, seen_at = flows.src, flows.dst, flows.judge, flows.seen_at
    protocol_of, port_of, observed_of = flows.protocol, flows.port, flows.observed
    from_of = flows.src_port
    egress_to, ingress_to, verdict_to = judged.egress, judged.ingress, judged.verdict
    violation_to = judged.violation
    epoch = 0
    n_translated = 0
    for i in range(src_of.size):
        if judge_of[i] == 0:
            continue
        src, dst = src_of[i], dst_of[i]
        egress = ingress = a.UNKNOWN_DECISION + a.REASON_UNKNOWN_INITIATOR
        if judge_of[i] == 1:
            kind = endpoints[dst, a.KIND]
            if kind == a.KIND_SERVICE or (kind == a.KIND_NODE and has_doors and family[dst] != 0):
                verdict_to[i] = TRANSLATED
                n_translated += 1
                continue
            epoch = epoch_at(epoch_start, seen_at[i], epoch)
            ports = port_class(port_classes, without_port, protocol_of[i], port_of[i])
            row = epoch if n_sources == 1 else epoch * n_sources + sources[from_of[i] + 1]
            egress, ingress = decide_pair(endpoints, own_peer, going_out, coming_in, row, src, dst, ports)
        verdict = a.VERDICT[verdicts[egress], verdicts[ingress]]
        egress_to[i] = egress
        ingress_to[i] = ingress
        verdict_to[i] = verdict
        violation_to[i] = a.VIOLATION[verdict, observed_of[i]]
    return n_translated

"""To which service port each row belongs: exactly one class, in the order in which the evidence weighs.

1. the record names the Service, or has its address beside the backend's: that service port, that backend;
2. the destination is a virtual address: the service port, backend not known;
3. it is a node's address and a node port: the service port, backend not known;
4. it is a backend's address and port of exactly one service port: that one;
5. of several: ambiguous, never split and never counted twice;
6. it is a backend at a port of no Service; 7. none of these.
A pod's own node knocks at each pod it runs, which is a probe and no choice of a backend; it is of no Service.
What was refused never reached a backend, and where the initiator is unknown nobody knows who served whom.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Attributed, CountingTables, FlowArrays, Int32, Int64, Integer, UInt8
from flowcheck.kernels.decide import is_own_node
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.lookup import last_begun
from flowcheck.kernels.translate import at_node_port, at_service
from flowcheck.kernels.words import pair, port_word

DEPENDS = np.int64(-1)
EVER = np.int64(2**63 - 1)


@inlined
def was_refused(verdict: int, observed: int) -> bool:
    """The log says it was stopped, or it should have been and the log does not say it was let through."""
    stopped = (observed == a.OBSERVED_DENIED) | (observed == a.OBSERVED_DROPPED)
    let_through = (observed == a.OBSERVED_ALLOWED) | (observed == a.OBSERVED_AUDIT)
    let_through |= observed == a.OBSERVED_FORWARDED
    return stopped | ((verdict == a.DENY) & (not let_through))


@kernel
def attribute(
    counting: CountingTables,
    flows: FlowArrays,
    verdict: UInt8,
    named: Int32,
    attributed: Attributed,
) -> None:
    """Attribute every row.

    named (flows,) int32: the service port that the record itself names, -1 none. A backend that is no pod and
    no node is one of many addresses, so only the record itself can say that it was asked as a backend.
    Arrays are taken out of their tuples before each loop: to do that in it costs ten times the work.
    """
    others = np.empty(flows.dst.size, np.int32)
    n = attribute_most(counting, flows, verdict, named, attributed, others)
    attribute_others(counting, flows, verdict, named, attributed, others[:n])
    find_where(counting, flows, attributed)


@kernel
def attribute_most(
    counting: CountingTables,
    flows: FlowArrays,
    verdict: UInt8,
    named: Int32,
    attributed: Attributed,
    others: Int32,
) -> int:
    """Attribute the rows at pods that are a backend one way only and always, about which there is nothing to
    ask but the port; returns how many ``others`` there are, whose rows it lists.

    Most rows are of these, and a loop without branches takes two thirds of the time for them.
    """
    kinds, only_port, only_what = counting.endpoints[:, a.KIND], counting.only_port, counting.only_what
    src_of, dst_of, port_of, protocol_of = flows.src, flows.dst, flows.port, flows.protocol
    judge_of, observed_of = flows.judge, flows.observed
    class_to, what_to, backend_to = attributed.class_, attributed.what, attributed.backend
    elsewhere = np.int32(counting.services.ports.slot.size + counting.services.listeners.serving.size)
    n = 0
    for i in range(np.uint64(dst_of.size)):
        dst, port, slot = np.uint32(dst_of[i]), port_of[i], a.PROTOCOL_SLOT[protocol_of[i]]
        plain = (judge_of[i] == 1) & (named[i] < 0) & (slot < a.N_REAL_PROTOCOLS) & (port >= 0)
        plain &= not was_refused(verdict[i], observed_of[i])
        plain &= (only_port[dst] >= 0) & (kinds[np.uint32(src_of[i])] != a.KIND_NODE)
        here = plain & (only_port[dst] == port_word(slot, port))
        class_to[i] = a.ENDPOINT if here else a.OTHER_PORT
        what_to[i] = only_what[dst] if here else elsewhere
        backend_to[i] = dst_of[i]
        others[n] = i
        n += not plain
    return n


@kernel
def attribute_others(
    counting: CountingTables,
    flows: FlowArrays,
    verdict: UInt8,
    named: Int32,
    attributed: Attributed,
    rows: Int32,
) -> None:
    """Attribute some rows (n,) int32."""
    services, endpoints = counting.services, counting.endpoints
    first, slots, ports = services.ports.first, services.ports.slot, services.ports.port
    doors, listeners = services.doors, services.listeners
    words, firsts = doors.node_port, doors.node_port_first
    starts, leads = doors.node_port_start, doors.node_port_leads
    serving_first, serving = listeners.serving_first, listeners.serving
    serving_slot, serving_port = listeners.serving_slot, listeners.serving_port
    same, start_of, end_of = counting.same, counting.start, counting.end
    src_of, dst_of, port_of, protocol_of = flows.src, flows.dst, flows.port, flows.protocol
    judge_of, observed_of, seen_at = flows.judge, flows.observed, flows.seen_at
    class_to, what_to, backend_to = attributed.class_, attributed.what, attributed.backend
    n_ports, n_servings = slots.size, serving.size
    for i in rows:
        class_, what, backend = a.LEFT_OUT, -1, -1
        dst, port, slot, at = dst_of[i], port_of[i], a.PROTOCOL_SLOT[protocol_of[i]], seen_at[i]
        has_port = slot < a.N_REAL_PROTOCOLS and port >= 0
        kind = endpoints[dst, a.KIND]
        by_node = -1
        if has_port and kind == a.KIND_NODE and words.size > 0:
            by_node = at_node_port(words, firsts, starts, leads, port_word(slot, port), at)
            by_node = same[by_node] if by_node >= 0 else -1
        if judge_of[i] == 0:
            pass
        elif judge_of[i] == 2:
            class_ = a.UNKNOWN_INITIATOR
        elif was_refused(verdict[i], observed_of[i]):
            class_ = a.REFUSED
        elif named[i] >= 0:
            what = same[named[i]]
            if kind == a.KIND_SERVICE or kind == a.KIND_UNRESOLVED or kind == a.KIND_AMBIGUOUS:
                class_ = a.VIP
            elif by_node == what:
                class_ = a.NODE_PORT
            else:
                class_, backend = a.VIP_ENDPOINT, dst
        elif not has_port:
            class_ = a.NO_SERVICE
        elif kind == a.KIND_SERVICE:
            what = at_service(first, slots, ports, endpoints[dst, a.NUMBER], slot, port)
            class_ = a.VIP if what >= 0 else a.NO_SERVICE
            what = same[what] if what >= 0 else -1
        elif by_node >= 0:
            class_, what = a.NODE_PORT, by_node
        elif kind != a.KIND_POD and kind != a.KIND_NODE:
            class_ = a.NO_SERVICE
        elif is_own_node(endpoints, src_of[i], dst):
            class_ = a.FROM_OWN_NODE
        else:
            place = -1
            class_ = a.OTHER_PORT if serving_first[dst] < serving_first[dst + 1] else a.NO_SERVICE
            for s in range(serving_first[dst], serving_first[dst + 1]):
                owner = serving[s]
                if serving_slot[s] != slot or serving_port[s] != port:
                    continue
                if not start_of[owner] <= at < end_of[owner]:
                    continue
                if class_ == a.OTHER_PORT:
                    class_, what, place = a.ENDPOINT, same[owner], s
                elif same[owner] != what:
                    class_ = a.AMBIGUOUS
            if class_ == a.AMBIGUOUS:
                what = n_ports + place
            elif class_ == a.OTHER_PORT:
                what = n_ports + n_servings
            backend = dst if class_ != a.NO_SERVICE else -1
        class_to[i] = class_
        what_to[i] = what
        backend_to[i] = backend


@kernel
def find_where(counting: CountingTables, flows: FlowArrays, attributed: Attributed) -> None:
    """``where`` of every row. In so short a time as that of a batch most Services stay as they are."""
    location, by_origin, outside = counting.location, counting.by_origin, counting.outside
    segment_first, segment_start = (
        counting.services.ports.segment_first,
        counting.services.ports.segment_start,
    )
    endpoints, src_of, seen_at = counting.endpoints, flows.src, flows.seen_at
    what_of, where_to = attributed.what, attributed.where
    where_now = where_during(counting, *seen_between(flows))
    for i in range(np.uint64(src_of.size)):
        where_to[i] = where_now[np.uint32(what_of[i] + 1)]
    for i in range(src_of.size):
        if where_to[i] != DEPENDS:
            continue
        src, what = src_of[i], what_of[i]
        segment = last_begun(segment_start, segment_first[what], segment_first[what + 1], seen_at[i])
        where_to[i] = pair(segment + 1, 0)
        if by_origin[what]:
            node = np.int64(location[src + 1] & np.uint64(a.LOW_WORD)) - 1
            origin = outside if endpoints[src, a.KIND] == a.KIND_BLOCK else node
            where_to[i] |= (origin + 1) << a.AT_ORIGIN


@kernel
def seen_between(flows: FlowArrays) -> tuple[Integer, Integer]:
    """When the first and the last of the flows to be judged was seen."""
    judge_of, seen_at = flows.judge, flows.seen_at
    first, last = EVER, -EVER
    for i in range(np.uint64(seen_at.size)):
        first = min(first, seen_at[i] if judge_of[i] != 0 else EVER)
        last = max(last, seen_at[i] if judge_of[i] != 0 else -EVER)
    return first, last


@kernel
def where_during(counting: CountingTables, first: Integer, last: Integer) -> Int64:
    """(whats + 1,) int64: ``where`` of flows to each, by what + 1, between two instants inclusive; DEPENDS
    where it is not the same for all."""
    segment_first, segment_start = (
        counting.services.ports.segment_first,
        counting.services.ports.segment_start,
    )
    by_origin, n_ports = counting.by_origin, counting.services.ports.slot.size
    where = np.zeros(n_ports + counting.services.listeners.serving.size + 2, np.int64)
    for what in range(n_ports):
        begin, end = segment_first[what], segment_first[what + 1]
        segment = last_begun(segment_start, begin, end, first)
        changes = segment != last_begun(segment_start, begin, end, last)
        where[what + 1] = DEPENDS if changes or by_origin[what] else pair(segment + 1, 0)
    return where

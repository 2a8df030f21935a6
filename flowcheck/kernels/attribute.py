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

import numpy as np

from flowcheck import arrays as a
from flowcheck.kernels.decide import (
    OBSERVED_ALLOWED,
    OBSERVED_AUDIT,
    OBSERVED_DENIED,
    OBSERVED_DROPPED,
    is_own_node,
)
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.translate import at_node_port, at_service


@kernel
def was_refused(verdict, observed):
    """The log says it was stopped, or it should have been and the log does not say it was let through."""
    if observed in (OBSERVED_DENIED, OBSERVED_DROPPED):
        return True
    return verdict == a.DENY and observed not in (OBSERVED_ALLOWED, OBSERVED_AUDIT)


@kernel
def attribute(setting, flows, verdict, named, attributed, totals):
    """Attribute every row; ``totals`` (classes,) int64 gains the records of each class.

    named (flows,) int32: the service port that the record itself names, -1 none. A backend that is no pod and
    no node is one of many addresses, so only the record itself can say that it was asked as a backend.
    Arrays are taken out of their tuples before the loop: to do that in it costs ten times the work.
    """
    services, endpoints = setting.services, setting.endpoints
    first, slots, ports = services.first, services.slot, services.port
    words, firsts = services.node_port, services.node_port_first
    starts, leads = services.node_port_start, services.node_port_leads
    serving_first, serving = services.serving_first, services.serving
    serving_slot, serving_port = services.serving_slot, services.serving_port
    same, start_of, end_of = setting.same, setting.start, setting.end
    src_of, dst_of, port_of, protocol_of = flows.src, flows.dst, flows.port, flows.protocol
    judge_of, observed_of, seen_at = flows.judge, flows.observed, flows.seen_at
    class_to, what_to, backend_to = attributed.class_, attributed.what, attributed.backend
    n_ports, n_servings = slots.size, serving.size
    for i in range(dst_of.size):
        class_, what, backend = a.LEFT_OUT, -1, -1
        dst, port, slot, at = dst_of[i], port_of[i], a.PROTOCOL_SLOT[protocol_of[i]], seen_at[i]
        has_port = slot < a.N_REAL_PROTOCOLS and port >= 0
        kind = endpoints[dst, a.KIND]
        by_node = -1
        if has_port and kind == a.KIND_NODE and words.size > 0:
            by_node = at_node_port(words, firsts, starts, leads, (np.int32(slot) << 16) | np.int32(port), at)
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
            what = at_service(first, slots, ports, endpoints[dst, a.NODE], slot, port)
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
        totals[class_] += 1

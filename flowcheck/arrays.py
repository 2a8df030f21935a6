"""The waist: everything that crosses into compiled code, as NamedTuples of arrays; and the codes, columns and
bits that both sides know it by.

``compile`` writes them, ``kernels`` read them, and neither knows the other. One file because it is one
contract: compiled code freezes what it finds here, and a change makes all of it stale. Dimension words:

========== =====================================================================================
endpoints  the endpoint axis: pod addresses, nodes, services, address blocks, then the ambiguous
sets       distinct bitsets over the endpoints that rules speak of
words      64-bit words of a bitset: bit ``e % 64`` of word ``e // 64`` is endpoint ``e``
rows       one rule with one port range in one direction, in the order they are asked
stages     the tiers, in order
subjects   subject classes of one direction: endpoints that no row tells apart as subject
peers      peer classes of one direction, likewise
ports      port classes: disjoint ranges of TCP, then UDP, then SCTP (then ICMP and ICMPv6, if policies
           speak of types); then a class for each other protocol that policies name; one for all that are
           left; then pseudo classes, one for each of those that have ranges, without a recorded number
vectors    distinct lists of decisions over the port classes
questions  what no input tells and a row's match hangs on, such as a namespace's labels; the first, 0,
           stands for none
decisions  what can come out: see ``FIRST_RULE_DECISION``
flows      rows of one batch of flow records
========== =====================================================================================
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
Int8 = npt.NDArray[np.int8]
UInt16 = npt.NDArray[np.uint16]
UInt32 = npt.NDArray[np.uint32]
UInt64 = npt.NDArray[np.uint64]
Float64 = npt.NDArray[np.float64]
AnyArray = npt.NDArray[Any]
Integer = int | np.integer
"""A number of a kernel that may have a width of its own: words are made of several."""

# Verdict codes: the order of model.verdict.Verdict.
NOT_APPLICABLE, ALLOW, DENY, UNKNOWN = 0, 1, 2, 3

# Codes of what was observed, and of how that disagrees with a verdict: the orders of model.verdict.Observed
# and Violation.
OBSERVED_UNKNOWN, OBSERVED_ALLOWED, OBSERVED_DENIED, OBSERVED_AUDIT, OBSERVED_DROPPED = range(5)
OBSERVED_FORWARDED = 5
NO_VIOLATION, FORWARDED_DENIED, DROPPED_ALLOWED = range(3)

VERDICT = np.array(
    [
        [NOT_APPLICABLE, ALLOW, DENY, UNKNOWN],
        [ALLOW, ALLOW, DENY, UNKNOWN],
        [DENY, DENY, DENY, DENY],
        [UNKNOWN, UNKNOWN, DENY, UNKNOWN],
    ],
    dtype=np.uint8,
)
"""(egress, ingress): a connection's verdict, from its sides'. A denial wins, then doubt, then an allow."""

VIOLATION = np.full((4, 6), NO_VIOLATION, dtype=np.uint8)
"""(verdict, observed): forwarded though denied, dropped by policy though allowed, or neither."""
VIOLATION[DENY, [OBSERVED_UNKNOWN, OBSERVED_ALLOWED, OBSERVED_AUDIT, OBSERVED_FORWARDED]] = FORWARDED_DENIED
VIOLATION[ALLOW, OBSERVED_DENIED] = DROPPED_ALLOWED

# Action codes of rows.
ACTION_ALLOW, ACTION_DENY, ACTION_PASS = 0, 1, 2

# Reason codes used by kernels: the order of model.verdict.Reason.
REASON_UNRESOLVED_SRC, REASON_UNRESOLVED_DST, REASON_AMBIGUOUS_SRC, REASON_AMBIGUOUS_DST = 1, 2, 3, 4
REASON_UNKNOWN_INITIATOR, REASON_NO_PORT, REASON_UNSUPPORTED_FIELD, REASON_NEEDS_DNS = 5, 6, 7, 8
REASON_NEEDS_L7, REASON_SERVICE_BACKENDS_DIFFER, REASON_AMBIGUOUS_POLICY = 9, 10, 11
REASON_NO_NAMESPACE, REASON_NO_NODE, REASON_NO_SERVICE = 12, 13, 14
REASON_NO_SERVICE_ACCOUNT, REASON_NEEDS_IDENTITY = 16, 17

# How the initiator of a connection was found, in the order asked.
BASIS_NONE, BASIS_RECORD, BASIS_FLAGS, BASIS_PAIR, BASIS_LISTENER, BASIS_PORT = range(6)

# Endpoint kinds. A timed endpoint stands for whoever has an address at the time.
# A secondary interface is its pod's (column POD), but to policies an address outside.
KIND_POD, KIND_NODE, KIND_BLOCK, KIND_SECONDARY, KIND_UNRESOLVED, KIND_AMBIGUOUS, KIND_SERVICE, KIND_TIMED = (
    range(8)
)
KIND_OWN_NODE = 8
"""A node as its own pods see it: never an end of a flow itself, only classed as one."""

# Decision ids that every program has. UNKNOWN_DECISION + reason code is "unknown for that reason".
NO_SUBJECT, NO_POLICY, SAME_POD, OWN_NODE, DENY_FOR_SEVERAL_CAUSES = 0, 1, 2, 3, 4
UNKNOWN_DECISION = 5
FIRST_RULE_DECISION = 32
"""Decision ``FIRST_RULE_DECISION + r`` is rule ``r``; after the rules come the default denies."""

# Where a port of an address leads: to one of something numbered from 0, nowhere, or to one of several.
NOT_ONE, SEVERAL = -1, -2
INNER = -2
"""Doors.reached of a cluster IP, which clients outside do not dial."""

# Columns of Tables.endpoints: what the kernel needs of one endpoint, side by side in one cache line.
INGRESS_SUBJECT, INGRESS_PEER, EGRESS_SUBJECT, EGRESS_PEER, POD, NODE, GROUP, KIND = range(8)
NUMBER = NODE
"""The same column of what has no node: a Service's number in ServiceTable, a timed one's in TimedTable."""

# Columns of the edge table, one cache line an entry. KEY_* are packed by kernels/edges.py.
KEY_GROUPS, KEY_DECISIONS, KEY_SERVICE, RECORDS, FLOWS, BYTES, FIRST_SEEN, LAST_SEEN = range(8)

# Where parts of packed words begin: their number of bits from the lowest.
PORT_BITS = 16
"""A *port word* is slot << PORT_BITS | port, of a protocol that has ports."""
HALF, LOW_WORD = 32, 0xFFFFFFFF
"""A *pair* is one number << HALF | another that is not negative, which is what LOW_WORD leaves of it."""
AT_PROTOCOL, AT_OBSERVED, AT_USED, AT_POINT, AT_INFERRED = 20, 28, 32, 33, 36
"""Parts of KEY_SERVICE. In the lowest bits is port + 1, 0 where none was recorded; AT_USED is a 1."""
PLAIN_SERVICE, EDGE_SERVICE = (1 << AT_POINT) - 1, (1 << AT_INFERRED + 1) - 1
"""The bits of KEY_SERVICE that hold neither observation point nor quality; and all of its bits."""
AT_NO_INITIATOR, AT_CIRCUMSTANCE = 37, 38
"""Parts of key word TWO of flows, past KEY_SERVICE: a 1 where the initiator is unknown; a circumstance."""
AT_PLACE, AT_ORIGIN = 3, 6
"""Parts of the lower half of key word TWO of the load; in the lowest bits is the observation point."""

N_REAL_PROTOCOLS = 3  # TCP, UDP, SCTP
PROTOCOL_SLOT = np.full(256, N_REAL_PROTOCOLS, dtype=np.uint8)
"""(256,) protocol number -> 0 TCP, 1 UDP, 2 SCTP, 3 any other."""
PROTOCOL_SLOT[[6, 17, 132]] = [0, 1, 2]
NUMBERED_SLOT = np.full(256, 5, dtype=np.uint8)
"""(256,) the same, with 3 ICMP and 4 ICMPv6, whose numbers are type * 256 + code, and 5 any other."""
NUMBERED_SLOT[[6, 17, 132, 1, 58]] = [0, 1, 2, 3, 4]

Array = TypeVar("Array", bound=AnyArray)


def writable(array: Array) -> Array:
    """The same, copied where it is a view of what must not be written, as are views of Arrow's columns and of
    bytes: Numba would compile every kernel that sees one once more."""
    return np.require(array, requirements="W")


class Rows(NamedTuple):
    """One direction of a program as its authors wrote it: what the decision table is filled from.

    subject, peer (rows,) int32: index into ``sets``. first_port, last_port (rows,) int32: half-open range
    of port classes. stage, action (rows,) uint8. subject_if, peer_if (rows,) int32: the questions on which
    it hangs whether the row is for the subject, and for the peer; 0: it is. decision (rows,) int32.
    reason (questions,) uint8: the reason code of a verdict that hangs on it.
    """

    subject: Int32
    peer: Int32
    first_port: Int32
    last_port: Int32
    stage: UInt8
    action: UInt8
    subject_if: Int32
    peer_if: Int32
    decision: Int32
    reason: UInt8


class AddressTable(NamedTuple):
    """Address -> endpoint; every address has one.

    root (65536,) int32: by the upper 16 bits of an IPv4 address; a value >= 0 is the endpoint, a value
    v < 0 means page ``-v - 1``. pages (pages, 256) int32: by the next 8 bits, likewise, then the last 8.
    v6_high, v6_low (intervals,) uint64: sorted interval starts; v6_endpoint (intervals,) int32.
    """

    root: Int32
    pages: Int32
    v6_high: UInt64
    v6_low: UInt64
    v6_endpoint: Int32


class TimedTable(NamedTuple):
    """Who has an address when, for addresses of which that changes.

    first (timed + 1,) int32: the segments of timed endpoint ``t`` are ``first[t]:first[t + 1]``. start
    (segments,) int64: microseconds, ascending, the first is timeline.BEGINNING. endpoint (segments,) int32;
    inferred (segments,) uint8: 1 where the owner is likely, not sure.
    """

    first: Int32
    start: Int64
    endpoint: Int32
    inferred: UInt8


class PortTable(NamedTuple):
    """Who has an address at one port when, for addresses that several Services have, or Services and a node.

    of (endpoints,) int32: which shared address an endpoint is at, -1 none. first (shared + 1,) int32: the
    ports of shared address ``s`` are ``first[s]:first[s + 1]``. word (ports,) int32: port words,
    ascending at each address. segment_first (ports + 1,) int32; start (segments,) int64, ascending at each
    port, from timeline.BEGINNING on; endpoint (segments,) int32: a Service's, or -1 where it is left to
    whoever has the address; inferred (segments,) uint8: likely, not sure.
    """

    of: Int32
    first: Int32
    word: Int32
    segment_first: Int32
    start: Int64
    endpoint: Int32
    inferred: UInt8


class MomentTable(NamedTuple):
    """When what is said of flows to an endpoint may change, policies aside.

    of (endpoints,) int32: which list of moments is an endpoint's, -1 none: the same is said at all times.
    first (lists + 1,) int32; start (moments,) int64: microseconds, ascending in each list, the first is
    timeline.BEGINNING.
    """

    of: Int32
    first: Int32
    start: Int64


class DirectionTable(NamedTuple):
    """The condensed decision table of one direction.

    row (epochs, subjects) int32: which row of ``vector`` holds for a subject in an epoch of the policies.
    vector (rows, peers) uint16, or int32 where that does not suffice: which list of decisions.
    decision (vectors, ports) int32.
    """

    row: Int32
    vector: UInt16 | Int32
    decision: Int32


class ServicePorts(NamedTuple):
    """A *service port* is one port of one Service; those of Service ``v`` are ``first[v]:first[v + 1]``.
    Times are microseconds.

    first (services + 1,) int32. slot, port (service_ports,) int32: protocol slot and the Service's port.
    inner_local, outer_local (service_ports,) uint8: 1 where only backends on the client's node are asked at a
    cluster IP; and those on the node that was reached, by clients outside, at the other addresses.
    segment_first (service_ports + 1,) int32; segment_start (segments,) int64: when a service port's backends
    changed, ascending, the first is timeline.BEGINNING.
    """

    first: Int32
    slot: Int32
    port: Int32
    inner_local: UInt8
    outer_local: UInt8
    segment_first: Int32
    segment_start: Int64


class Doors(NamedTuple):
    """Where a flow that is for somebody behind them may knock: addresses of Services, ports of nodes.

    family (endpoints,) uint8: 4 or 6 for an endpoint with an address, 0 for one without: a flow to an address
    of one family reaches backends of that family, and node ports are those of nodes found by address. reached
    (endpoints,) int32: INNER for a cluster IP, else the node whose address it is, -1 none.
    node_port (ports,) int32, ascending: the port word of each port at a node's address that leads to
    Services; of the ``n``-th the segments are ``node_port_first[n]:node_port_first[n + 1]``. node_port_start
    (segments,) int64, ascending, from BEGINNING on; node_port_leads (segments,) int32: to a service port,
    NOT_ONE or SEVERAL.
    host_first (endpoints + 1,) int32; host_word (host_ports,) int32: the port word of each port of a
    node's endpoint that leads to a pod, ascending for each; host_segment (host_ports + 1,) int32; host_start
    (segments,) int64; host_leads, host_port (segments,) int32: to which endpoint, NOT_ONE or SEVERAL, and its
    port.
    """

    family: UInt8
    reached: Int32
    node_port: Int32
    node_port_first: Int32
    node_port_start: Int64
    node_port_leads: Int32
    host_first: Int32
    host_word: Int32
    host_segment: Int32
    host_start: Int64
    host_leads: Int32
    host_port: Int32


class BackendTable(NamedTuple):
    """Whoever ever was behind a service port, those of port ``p`` at ``first[p]:first[p + 1]``.

    first (service_ports + 1,) int32; then, each (backends,): endpoint, port int32: after translation. family
    int32: 4 or 6, 0 for one without an address, which serves both. start, end int64: when, half-open. rank
    int32: 0 ready, 1 terminating but serving, which is used where nobody is ready. way int32: alike for
    backends of a service port that policies do not tell apart, from 0. pod, node int32: POD of the endpoint,
    and NODE of a pod, else -1. on_node int32: the node it is listed on,
    -1 none.
    """

    first: Int32
    endpoint: Int32
    port: Int32
    family: Int32
    start: Int64
    end: Int64
    rank: Int32
    way: Int32
    pod: Int32
    node: Int32
    on_node: Int32


class Listeners(NamedTuple):
    """Who answers where.

    serving_first (endpoints + 1,) int32; serving_slot, serving_port, serving (servings,) int32: on which
    protocol slot and port an endpoint ever was a backend of which service port.
    listen_first (endpoints + 1,) int32; listen (listeners,) int32: the port word of every port an
    endpoint is known to listen on: declared by its containers, asked of it by a Service, a host port, or a
    Service's own at the address.
    """

    serving_first: Int32
    serving_slot: Int32
    serving_port: Int32
    serving: Int32
    listen_first: Int32
    listen: Int32


class ServiceTable(NamedTuple):
    """Services as flows meet them."""

    ports: ServicePorts
    doors: Doors
    backends: BackendTable
    listeners: Listeners


class Tables(NamedTuple):
    """All that the per-flow kernel reads.

    endpoints (endpoints, 8) int32: the columns named above; POD is -1 for what is not a pod, and for all
    where policies are asked of what a pod sends to itself; NODE the node a pod runs on or the node itself
    (-1: none). epoch_start (epochs,) int64: when the policies changed,
    microseconds, ascending, the first is timeline.BEGINNING. port_class (slots, 65536) uint16: TCP, UDP,
    SCTP; then ICMP and ICMPv6 by type * 256 + code, if policies tell those apart. other_port int: the class
    of protocols of which no policy speaks; those after it are "number not recorded", by slot. without_port
    (256,) int32: the class of each protocol's flows that have no number or lack it. own_peer (endpoints, 2)
    int32: the peer classes, ingress and egress, of a node seen from its own pods; (0, 2) where nothing tells
    that apart. source_class (65537,) uint16, by a source port + 1, where policies ask for that, else (0,);
    n_sources: how many there are, at least one; the row of a DirectionTable is that of epoch * n_sources +
    class. verdict, reason (decisions,) uint8.
    """

    addresses: AddressTable
    timed: TimedTable
    shared: PortTable
    services: ServiceTable
    endpoints: Int32
    epoch_start: Int64
    port_class: UInt16
    other_port: int
    without_port: Int32
    own_peer: Int32
    source_class: UInt16
    n_sources: int
    ingress: DirectionTable
    egress: DirectionTable
    verdict: UInt8
    reason: UInt8


class FlowArrays(NamedTuple):
    """One batch of flows as numbers, each (flows,); the source is the initiator wherever that is known.

    src, dst int32: endpoints, also of rows that are left out, for which they mean nothing. src_key, dst_key
    uint64: words that stand for the addresses. protocol uint8.
    src_port, port int32, -1 where not recorded; ``port`` is the destination's. judge uint8: 0 leave the row
    out (rejected, filtered), 1 judge, 2 initiator unknown. observed uint8: model.verdict.Observed. point
    uint8: the canonical observation_point. inferred uint8: 1 where an end's owner is likely, not sure.
    counted uint8: 0 where the record reports a connection that an earlier one reported. flow_count, bytes_,
    packets int64. seen_at int64: microseconds since 1970 UTC.
    """

    src: Int32
    dst: Int32
    src_key: UInt64
    dst_key: UInt64
    protocol: UInt8
    src_port: Int32
    port: Int32
    judge: UInt8
    observed: UInt8
    point: UInt8
    inferred: UInt8
    counted: UInt8
    flow_count: Int64
    bytes_: Int64
    packets: Int64
    seen_at: Int64


class Judged(NamedTuple):
    """What came out for one batch, each (flows,): decision ids int32, verdict uint8, violation uint8.
    ``mesh`` is a decision too, which no kernel writes."""

    egress: Int32
    ingress: Int32
    verdict: UInt8
    violation: UInt8
    mesh: Int32


# How a row was attributed to a Service. Each judged row is in exactly one class but the first.
LEFT_OUT, VIP_ENDPOINT, VIP, NODE_PORT, ENDPOINT, AMBIGUOUS, OTHER_PORT, NO_SERVICE = range(8)
REFUSED, UNKNOWN_INITIATOR, FROM_OWN_NODE, TO_TUNNEL = 8, 9, 10, 11
N_CLASSES = 12

# Where a connection went, seen from its source; the last where the source is no single sender.
PLACE_UNKNOWN, SAME_NODE, SAME_ZONE, OTHER_ZONE, OTHER_NODE, NO_SINGLE_SENDER = range(6)
N_PLACES = 6
MANY_SENDERS = np.uint64(1 << 63)
"""The location of an endpoint that stands for many."""

# Columns of books (kernels/books.py): two words of a key, then sums, of flows, of the load or of clients.
ONE, TWO = range(2)
FLOW_RECORDS, FLOW_CONNECTIONS, FLOW_BYTES, FLOW_PACKETS, FLOW_FIRST, FLOW_LAST = range(2, 8)
COUNTED_FIRST, COUNTED_LAST = range(8, 10)
LOAD_BYTES, LOAD_PACKETS = range(2, 4)
CLIENT_CONNECTIONS, CLIENT_FIRST, CLIENT_LAST = range(2, 5)


class CountingTables(NamedTuple):
    """What counting the load reads besides the flows.

    services, endpoints: as in :class:`Tables`. same (service_ports,) int32: the service port that one counts
    as: the latest version that says the same of where connections go. start, end (service_ports,) int64: when
    its version of the Service may have been there. by_origin (service_ports,) uint8: 1 where what is
    expected depends on the client's node. only_port, only_what (endpoints,) int32: of a pod that is a
    backend one way only and always, the port word and the service port, else -1.
    location (endpoints + 1,) uint64: where endpoint e is, at e + 1: zone + 1 << HALF | node + 1, each 0 where
    not known, or MANY_SENDERS; the first is that of a backend not known. last_level (endpoints,) int8: the
    last level at which a sample of clients holds it, -1 where it is no single sender. outside: the origin
    that stands for no node.
    """

    services: ServiceTable
    endpoints: Int32
    same: Int32
    start: Int64
    end: Int64
    by_origin: UInt8
    only_port: Int32
    only_what: Int32
    location: UInt64
    last_level: Int8
    outside: int


class Attributed(NamedTuple):
    """To which Service each row belongs, each (flows,).

    class_ uint8: one of the classes above. what int32: a service port; or, ambiguous, service_ports + the
    first of its places in ``serving``; or, at another port, service_ports + servings; -1 none of them.
    where int64: segment + 1 << HALF | origin + 1 << AT_ORIGIN of a service port, each 0 where there is none.
    An origin is the client's node, or what stands for the outside. backend int32: the endpoint reached, -1
    not known.
    """

    class_: UInt8
    what: Int32
    where: Int64
    backend: Int32


class Meaning(NamedTuple):
    """What one name stands for: from ``starts[i]`` on, the endpoints ``ends[i]``, one where policies treat
    all alike; none while nobody has the name. ``inferred[i]``: likely, not sure."""

    starts: tuple[int, ...]
    ends: tuple[tuple[int, ...], ...]
    inferred: tuple[bool, ...]

    @property
    def always(self) -> tuple[int, ...] | None:
        """The endpoints, where they are the same at all times."""
        return self.ends[0] if len(self.ends) == 1 and not self.inferred[0] else None


Key = TypeVar("Key", bound=Hashable)
Names = Mapping[Key, Meaning]
"""Recorded names, looked up before kernels run."""

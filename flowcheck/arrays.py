"""The waist: everything that crosses into compiled code, as NamedTuples of arrays.

``compile`` writes them, ``kernels`` read them, and neither knows the other. Dimension words:

========== =====================================================================================
endpoints  the endpoint axis: pod addresses, nodes, services, address blocks, then the ambiguous
sets       distinct bitsets over the endpoints that rules speak of
words      64-bit words of a bitset: bit ``e % 64`` of word ``e // 64`` is endpoint ``e``
rows       one rule with one port range in one direction, in the order they are asked
stages     the tiers, in order
subjects   subject classes of one direction: endpoints that no row tells apart as subject
peers      peer classes of one direction, likewise
ports      port classes: disjoint ranges of TCP, then UDP, then SCTP; then one class for every other
           protocol; then three pseudo classes for TCP, UDP and SCTP flows without a recorded port
vectors    distinct lists of decisions over the port classes
decisions  what can come out: see ``FIRST_RULE_DECISION``
flows      rows of one batch of flow records
========== =====================================================================================
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
UInt16 = npt.NDArray[np.uint16]
UInt64 = npt.NDArray[np.uint64]
AnyArray = npt.NDArray[Any]

# Verdict codes: the order of model.verdict.Verdict.
NOT_APPLICABLE, ALLOW, DENY, UNKNOWN = 0, 1, 2, 3

# Action codes of rows.
ACTION_ALLOW, ACTION_DENY, ACTION_PASS = 0, 1, 2

# Reason codes used by kernels: the order of model.verdict.Reason.
REASON_UNRESOLVED_SRC, REASON_UNRESOLVED_DST, REASON_AMBIGUOUS_SRC, REASON_AMBIGUOUS_DST = 1, 2, 3, 4
REASON_UNKNOWN_INITIATOR, REASON_NO_PORT, REASON_UNSUPPORTED_FIELD, REASON_NEEDS_DNS = 5, 6, 7, 8

# Endpoint kinds.
KIND_POD, KIND_NODE, KIND_BLOCK, KIND_UNRESOLVED, KIND_AMBIGUOUS = 0, 1, 2, 3, 4

# Decision ids that every program has. UNKNOWN_DECISION + reason code is "unknown for that reason".
NO_SUBJECT, NO_POLICY, SAME_POD, OWN_NODE, DENY_FOR_SEVERAL_CAUSES = 0, 1, 2, 3, 4
UNKNOWN_DECISION = 5
FIRST_RULE_DECISION = 32
"""Decision ``FIRST_RULE_DECISION + r`` is rule ``r``; after the rules come the default denies."""

# Columns of Tables.endpoints: what the kernel needs of one endpoint, side by side in one cache line.
INGRESS_SUBJECT, INGRESS_PEER, EGRESS_SUBJECT, EGRESS_PEER, POD, NODE, GROUP, KIND = range(8)

# Columns of the edge table, one cache line an entry. KEY_* are packed by kernels/edges.py.
KEY_GROUPS, KEY_DECISIONS, KEY_SERVICE, RECORDS, FLOWS, BYTES, FIRST_SEEN, LAST_SEEN = range(8)

N_REAL_PROTOCOLS = 3  # TCP, UDP, SCTP
PROTOCOL_SLOT = np.full(256, N_REAL_PROTOCOLS, dtype=np.uint8)
"""(256,) protocol number -> 0 TCP, 1 UDP, 2 SCTP, 3 any other."""
PROTOCOL_SLOT[[6, 17, 132]] = [0, 1, 2]


class Rows(NamedTuple):
    """One direction of a program as its authors wrote it: what the decision table is filled from.

    subject, peer (rows,) int32: index into ``sets``. first_port, last_port (rows,) int32: half-open range
    of port classes. stage, action (rows,) uint8. maybe (rows,) uint8: 0, or the reason code why
    the row may or may not match. decision (rows,) int32.
    """

    subject: Int32
    peer: Int32
    first_port: Int32
    last_port: Int32
    stage: UInt8
    action: UInt8
    maybe: UInt8
    decision: Int32


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


class DirectionTable(NamedTuple):
    """The condensed decision table of one direction.

    vector (subjects, peers) uint16, or int32 where that does not suffice: which list of decisions.
    decision (vectors, ports) int32.
    """

    vector: UInt16 | Int32
    decision: Int32


class ServiceTable(NamedTuple):
    """Services as flows meet them. A *service port* is one port of one Service; those of Service ``v`` are
    ``first[v]:first[v + 1]``. Each has *segments* in time with their usable backends.

    first (services + 1,) int32. slot, port (service_ports,) int32: protocol slot and the Service's port.
    node_port (3, 65536) int32: the service port reached at a node's address on that port, -1 none.
    segment_first (service_ports + 1,) int32; segment_start (segments,) int64: microseconds, ascending
    within a service port, the first is timeline.BEGINNING. backend_first (segments + 1,) int32; backend,
    backend_port (backends,) int32: endpoint and port after translation; ``ways`` (segments,) int32: so many
    of a segment's backends, its first, stand for all that policies tell apart.
    serving_first (endpoints + 1,) int32; serving_slot, serving_port, serving (servings,) int32: on which
    protocol slot and port an endpoint ever was a backend of which service port.
    """

    first: Int32
    slot: Int32
    port: Int32
    node_port: Int32
    segment_first: Int32
    segment_start: Int64
    backend_first: Int32
    backend: Int32
    backend_port: Int32
    ways: Int32
    serving_first: Int32
    serving_slot: Int32
    serving_port: Int32
    serving: Int32


class Tables(NamedTuple):
    """All that the per-flow kernel reads.

    endpoints (endpoints, 8) int32: the columns named above; POD is -1 for what is not a pod, NODE the
    node a pod runs on or the node itself (-1: none). port_class (3, 65536) uint16: TCP, UDP, SCTP.
    other_port int: the class of every other protocol; the three after it are "port not recorded".
    verdict, reason (decisions,) uint8.
    """

    addresses: AddressTable
    endpoints: Int32
    port_class: UInt16
    other_port: int
    ingress: DirectionTable
    egress: DirectionTable
    verdict: UInt8
    reason: UInt8


class FlowArrays(NamedTuple):
    """One batch of flows as numbers, each (flows,).

    src, dst int32: endpoints. protocol uint8. port int32, -1 where not recorded. judge uint8: 0 leave the
    row out (rejected, filtered), 1 judge, 2 initiator unknown. observed uint8: model.verdict.Observed.
    flow_count, bytes_ int64. seen_at int64: microseconds since 1970 UTC.
    """

    src: Int32
    dst: Int32
    protocol: UInt8
    port: Int32
    judge: UInt8
    observed: UInt8
    flow_count: Int64
    bytes_: Int64
    seen_at: Int64


class Judged(NamedTuple):
    """What came out for one batch, each (flows,): decision ids int32, verdict uint8, violation uint8."""

    egress: Int32
    ingress: Int32
    verdict: UInt8
    violation: UInt8

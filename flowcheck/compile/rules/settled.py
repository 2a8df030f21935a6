"""What policies take an endpoint for, and what is settled by that alone, whatever the rules say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction

DOUBTS = {
    Direction.EGRESS: (a.REASON_AMBIGUOUS_SRC, a.REASON_AMBIGUOUS_DST),
    Direction.INGRESS: (a.REASON_AMBIGUOUS_DST, a.REASON_AMBIGUOUS_SRC),
}
"""Why it is open what holds where the versions of a subject, and of a peer, do not agree."""

_UNLISTED = 1 + a.KIND_OWN_NODE
"""What may be a Service's address: as a source it is an address outside."""
_SOURCES = {a.KIND_UNRESOLVED: a.REASON_UNRESOLVED_SRC, a.KIND_AMBIGUOUS: a.REASON_AMBIGUOUS_SRC}
_DESTINATIONS = {
    a.KIND_UNRESOLVED: a.REASON_UNRESOLVED_DST,
    a.KIND_AMBIGUOUS: a.REASON_AMBIGUOUS_DST,
    _UNLISTED: a.REASON_NO_SERVICE,
}


def judged_as(axis: Axis) -> Int32:
    """The kinds that policies are asked with: a secondary interface is an address outside, a Service's own
    address is nobody's, and nobody is timed."""
    kinds = np.array([e.kind for e in axis.endpoints], dtype=np.int32)
    kinds[kinds == a.KIND_SECONDARY] = a.KIND_BLOCK
    kinds[(kinds > a.KIND_AMBIGUOUS) & (kinds != a.KIND_OWN_NODE)] = a.KIND_UNRESOLVED
    kinds[[e.unlisted for e in axis.endpoints]] = _UNLISTED
    return kinds


def as_peer(kinds: Int32, options: Options) -> Int32:
    """Pods, nodes and blocks may share a peer class; unresolved and ambiguous ones are apart, and so is a
    subject's own node, if that is let in whatever the policies say."""
    asked = kinds <= a.KIND_BLOCK
    if options.own_node == "policy":
        asked = asked | (kinds == a.KIND_OWN_NODE)
    return np.where(asked, 0, kinds).astype(np.int32)


def settled(
    kinds: Int32, direction: Direction, options: Options, no_subject: int = a.NO_SUBJECT
) -> Callable[[int, int], int]:
    """The decision for two endpoints, subject and peer, that does not depend on rows: an end that is not
    known, or a subject without policies, of which ``no_subject`` is said; -1 where it does.

    The source's doubt is named before the destination's. An endpoint of -1 is "any that is fine".
    """

    subjects = (a.KIND_POD, a.KIND_NODE) if options.host_policies else (a.KIND_POD,)

    def settle(subject: int, peer: int) -> int:
        subject_kind = int(kinds[subject]) if subject >= 0 else a.KIND_POD
        peer_kind = int(kinds[peer]) if peer >= 0 else a.KIND_POD
        ends = (subject_kind, peer_kind) if direction is Direction.EGRESS else (peer_kind, subject_kind)
        reason = _SOURCES.get(ends[0]) or _DESTINATIONS.get(ends[1])
        if reason:
            return a.UNKNOWN_DECISION + reason
        if subject_kind not in subjects:
            return no_subject
        comes_in = peer_kind == a.KIND_OWN_NODE and direction is Direction.INGRESS
        return a.OWN_NODE if comes_in and options.own_node == "allowed" else -1

    return settle

"""What share of the flows was attributed to whom, and how surely: what an answer has looked at."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.flows.initiators import BASES
from flowcheck.results.census import Census
from flowcheck.results.edges import take_apart
from flowcheck.results.records.summary import Attribution, Share
from flowcheck.results.reported import fold_reports, is_inferred

_CLASSES = ("resolved", "inferred", "ambiguous", "unresolved", "unknown_initiator", "outside")
_OUTSIDE = 5
_CLASS_OF_REASON = {
    a.REASON_UNRESOLVED_SRC: 3,
    a.REASON_UNRESOLVED_DST: 3,
    a.REASON_AMBIGUOUS_SRC: 2,
    a.REASON_AMBIGUOUS_DST: 2,
    a.REASON_UNKNOWN_INITIATOR: 4,
}


def attribution(program: Program, entries: np.ndarray, census: Census, tunnels: int) -> Attribution:
    """entries (edges, 8) int64: every edge as it was counted, by observation point and quality, ordered as
    :func:`flowcheck.results.reported.by_edge` does. ``tunnels``: records of those that count none."""
    edges = take_apart(program, entries)
    of_reason = np.zeros(64, dtype=np.uint8)
    for reason, number in _CLASS_OF_REASON.items():
        of_reason[reason] = number
    reasons = program.tables.reason
    doubt = np.maximum(of_reason[reasons[edges.egress]], of_reason[reasons[edges.ingress]])
    abroad = is_outside(program)
    sure = np.where(abroad[edges.source] & abroad[edges.destination], _OUTSIDE, is_inferred(entries))
    classes = np.where(doubt != 0, doubt, sure)
    shares = {name: _share(program, _of(entries, classes == number)) for number, name in enumerate(_CLASSES)}
    hours = sorted(census.hours)
    return Attribution(
        **shares,
        repeated_records=census.repeated,
        replies_turned=census.turned,
        initiators={name: count for name, count in zip(BASES, census.bases, strict=True) if count},
        disagreements=census.disagreements,
        observers=len(census.observers),
        hours_seen=len(hours),
        hours_spanned=hours[-1] - hours[0] + 1 if hours else 0,
        sampled_records=census.sampled,
        tunnel_records=tunnels,
    )


def is_outside(program: Program) -> np.ndarray:
    """(groups,) bool: addresses that are nobody's in the cluster."""
    endpoints = program.tables.endpoints
    outside = np.ones(len(program.groups), dtype=np.bool_)
    outside[endpoints[endpoints[:, a.KIND] != a.KIND_BLOCK, a.GROUP]] = False
    return outside


def _of(entries: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Not copied where it is all of them, as it mostly is."""
    return entries if chosen.all() else entries[chosen]


def _share(program: Program, entries: np.ndarray) -> Share:
    folded = take_apart(program, fold_reports(entries))
    return Share(
        records=int(folded.records.sum()), flows=int(folded.flows.sum()), bytes=int(folded.bytes_.sum())
    )

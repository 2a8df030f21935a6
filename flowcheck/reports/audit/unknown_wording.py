"""What the reports of an audit say of its unknown verdicts: why, and what would help."""

from __future__ import annotations

from flowcheck.reports.parts.reasons import REASONS
from flowcheck.results.records.summary import Summary

_NAMELESS = (
    "the log gives no address of these ends, and their names are no pod's of the snapshot: what is outside "
    "the cluster (pub and pvt of Goldmane) only a log with addresses tells apart; else take a snapshot from "
    "the time of the flows"
)
_REQUESTS = "the mesh's own log tells the request: Envoy's access log, of sidecars and waypoints"
_UNRESOLVED = ("unresolved_src", "unresolved_dst")


def advice(summary: Summary) -> str:
    """What would settle most of the unknown rows, and that they alone fail no run."""
    _count, reason, _meaning = unknowns(summary)[0]
    settles = REASONS.get(reason, ("", ""))[1]
    if reason in _UNRESOLVED and _are_nameless(summary):
        settles = _NAMELESS
    if reason == "needs_l7" and summary.cluster.mesh_pods:
        settles = _REQUESTS
    told = f"most unknowns are {reason}" + (f": {settles}" if settles else "")
    return f"{told}; rows that are unknown fail a run only with --fail-on unresolved or --min-coverage"


def _are_nameless(summary: Summary) -> bool:
    """Whether most of the ends that nobody had are such as the log only names."""
    counts = summary.verdicts.unknown_by_reason
    return 2 * summary.verdicts.only_named > sum(counts.get(reason, 0) for reason in _UNRESOLVED)


def unknowns(summary: Summary) -> list[tuple[int, str, str]]:
    """Count, reason and meaning, the most frequent first."""
    items = sorted(summary.verdicts.unknown_by_reason.items(), key=lambda item: (-item[1], item[0]))
    return [(count, reason, REASONS.get(reason, ("", ""))[0]) for reason, count in items if count]

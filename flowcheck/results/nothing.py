"""Where a run has nothing to say: why, and what would help. Such a run is never a clean one."""

from __future__ import annotations

from typing import Literal

from flowcheck.balance.tell.result import LoadResult
from flowcheck.counted import counted
from flowcheck.outcome import Nothing
from flowcheck.results.records.ledger import Totals
from flowcheck.results.records.summary import VerdictCounts

OF_A_SERVICE = ("vip+endpoint", "vip", "nodeport", "endpoint", "ambiguous")
"""Classes of attribution whose records belong to a Service."""

_RIGHT_CLUSTER = (
    "is --cluster the cluster that the flows are from, taken at their time? "
    "--cluster-range tells which addresses are its pods' where nodes do not"
)
_ADVICE = {
    "no_file_read": "see what is said of each file",
    "no_rows": "give a log of the time and cluster that are meant",
    "all_left_out": "take in what the log holds",
    "all_rejected": "see what is said of the rows, and which columns and units flows must have",
    "no_end_in_cluster": _RIGHT_CLUSTER,
    "no_pod": "policies reach pods, not nodes or addresses outside: " + _RIGHT_CLUSTER,
    "all_unresolved": _RIGHT_CLUSTER,
    "no_pods": "workloads alone have no addresses: add the pods to --cluster, as "
    "`kubectl get pods -A -o yaml` shows them at the time of the flows",
    "only_named": "are those names of pods of --cluster, taken at the time of the flows? Who is outside the "
    "cluster and only named (pub and pvt of Goldmane) no snapshot tells: a log with addresses does",
    "all_unknown": "see below why, and what would settle it",
    "no_services": "give services and endpointslices with --cluster",
    "no_service_reached": _RIGHT_CLUSTER + "; are services and endpointslices given too?",
}


def nothing_judged(totals: Totals, verdicts: VerdictCounts, n_outside: int, n_pods: int) -> Nothing | None:
    """None where any row is allowed or denied. ``n_outside``: rows without an end in the cluster; ``n_pods``:
    the pods that are known."""
    if verdicts.allow or verdicts.deny:
        return None
    looked_up = totals.rows_judged + totals.rows_unknown
    rows = counted(looked_up, "row")
    unresolved = sum(n for why, n in verdicts.unknown_by_reason.items() if why.startswith("unresolved"))
    found = _no_row(totals)
    if found is None and not n_pods:
        found = "no_pods", f"the cluster has no pods, only workloads that make some ({rows})"
    elif found is None and n_outside == looked_up:
        found = "no_end_in_cluster", f"no row has an end in the cluster ({rows})"
    elif found is None and not verdicts.unknown:
        found = "no_pod", f"no row has an end that policies reach ({rows})"
    elif found is None and unresolved * 2 > verdicts.unknown:
        reason = "only_named" if 2 * verdicts.only_named > unresolved else "all_unresolved"
        found = reason, f"no row has ends that are known ({rows})"
    return _nothing("judged", *(found or ("all_unknown", f"no verdict is other than unknown ({rows})")))


def nothing_counted(totals: Totals, load: LoadResult) -> Nothing | None:
    """None where any row belongs to a Service."""
    if any(load.classes.get(name) for name in OF_A_SERVICE):
        return None
    rows = counted(totals.rows_judged + totals.rows_unknown, "row")
    found = _no_row(totals)
    if found is None and not load.services:
        found = "no_services", "the cluster has no Services"
    return _nothing(
        "counted",
        *(found or ("no_service_reached", f"no row belongs to a Service of the cluster ({rows})")),
    )


def _nothing(done: Literal["judged", "counted"], reason: str, why: str) -> Nothing:
    return Nothing(done=done, reason=reason, why=why, advice=_ADVICE[reason])


def _no_row(totals: Totals) -> tuple[str, str] | None:
    """Why no row was looked up at all: a word and a sentence."""
    asked = totals.rows_asked_for - totals.rows_in_failed_files
    read = asked + totals.rows_filtered
    if not totals.files_judged:
        return "no_file_read", f"no file could be read ({counted(totals.files_seen, 'file')})"
    if not read:
        return "no_rows", f"there is no row ({counted(totals.files_judged, 'file')})"
    if not asked:
        return "all_left_out", f"--since, --until or --namespace left no row of {counted(read, 'row')}"
    if asked == totals.rows_rejected:
        return "all_rejected", f"no row could be read ({counted(asked, 'row')})"
    return None

"""Sums, counts and the ledger: one audit in numbers, checked against itself."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import UInt8
from flowcheck.balance.assess.states import State
from flowcheck.balance.tell.result import LoadResult
from flowcheck.compile import Program
from flowcheck.compile.endpoints.layout import ONLY_NAMED
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_text
from flowcheck.model.left_out import LeftOut
from flowcheck.model.mesh.membership import MeshSettings
from flowcheck.model.mesh.written import Authorization, AuthorizationAction, Mode, PeerAuthentication
from flowcheck.model.peers import DataPlane
from flowcheck.model.policy import Policy
from flowcheck.model.tiers import Layer
from flowcheck.model.timeline import END
from flowcheck.model.verdict import Observed, Reason
from flowcheck.results.edges import Edges, combine_verdicts, reasons
from flowcheck.results.finding.gathering import Gathered
from flowcheck.results.finding.violating import expected, untold, violation_codes
from flowcheck.results.records.ledger import FileEntry, Totals
from flowcheck.results.records.summary import (
    ClusterCounts,
    ProgramCounts,
    Timings,
    VerdictCounts,
    Violations,
)

_UNSELECTED = (a.NO_SUBJECT, a.NO_POLICY)


class LedgerMismatchError(AssertionError):
    """The run lost or invented rows: a bug in flowcheck."""


def total(entries: Sequence[FileEntry]) -> Totals:
    """Add up the files, and check that every row and file is accounted for."""
    by_status = Counter(entry.status for entry in entries)
    judged = [entry for entry in entries if entry.status == "judged"]
    for entry in judged:
        parts = entry.rows_judged + entry.rows_unknown + entry.rows_rejected + entry.rows_filtered
        parts += entry.rows_merged + entry.rows_left_out
        if parts != entry.rows_declared:
            raise LedgerMismatchError(f"{entry.rows_declared} rows declared, {parts} accounted for")
    if sum(by_status[s] for s in ("judged", "failed", "skipped")) != len(entries):
        raise LedgerMismatchError("a file is neither judged, failed nor skipped")
    in_failed = sum(entry.rows_declared or 0 for entry in entries if entry.status == "failed")
    return Totals(
        files_seen=len(entries),
        files_judged=by_status["judged"],
        files_failed=by_status["failed"],
        files_skipped=by_status["skipped"],
        rows_declared=sum(entry.rows_declared or 0 for entry in judged) + in_failed,
        rows_judged=sum(entry.rows_judged for entry in judged),
        rows_unknown=sum(entry.rows_unknown for entry in judged),
        rows_rejected=sum(entry.rows_rejected for entry in judged),
        rows_filtered=sum(entry.rows_filtered for entry in judged),
        rows_in_failed_files=in_failed,
        rows_merged=sum(entry.rows_merged for entry in judged),
        rows_left_out=sum(entry.rows_left_out for entry in judged),
        row_groups_pruned=sum(entry.row_groups_pruned for entry in judged),
        rows_pruned=sum(entry.rows_pruned for entry in judged),
    )


def coverage(totals: Totals, verdicts: VerdictCounts) -> float:
    """Percent of the rows asked for that are allowed or denied, but for those that policies do not reach.

    Rows that are unknown, rejected or in failed files are not covered.
    """
    concerned = totals.rows_asked_for - verdicts.not_applicable
    return 100.0 * (verdicts.allow + verdicts.deny) / concerned if concerned else 0.0


def count_verdicts(program: Program, edges: Edges) -> VerdictCounts:
    """Records by verdict."""
    verdict = combine_verdicts(program, edges)
    by_verdict = np.bincount(verdict, weights=edges.records, minlength=4).astype(np.int64)
    why = reasons(program, edges, verdict)
    by_reason = {
        str(reason): int(edges.records[(why == code) & (verdict == a.UNKNOWN)].sum())
        for code, reason in enumerate(Reason)
        if code and (why == code).any()
    }
    return VerdictCounts(
        allow=int(by_verdict[a.ALLOW]),
        deny=int(by_verdict[a.DENY]),
        unknown=int(by_verdict[a.UNKNOWN]),
        not_applicable=int(by_verdict[a.NOT_APPLICABLE]),
        unknown_by_reason=by_reason,
        by_default=int(edges.records[(verdict == a.ALLOW) & _unselected(edges)].sum()),
        only_named=int(edges.records[_only_named(program, edges, why)].sum()),
    )


def _only_named(program: Program, edges: Edges, why: UInt8) -> np.ndarray:
    """(edges,) bool: unknown for an end that the log only names. why (edges,): the codes of reasons."""
    named = program.groups.index(ONLY_NAMED) if ONLY_NAMED in program.groups else -1
    src = (why == a.REASON_UNRESOLVED_SRC) & (edges.source == named)
    dst = (why == a.REASON_UNRESOLVED_DST) & (edges.destination == named)
    found: np.ndarray = src | dst
    return found


def _unselected(edges: Edges) -> np.ndarray:
    """(edges,) bool: no policy selects either end."""
    free: np.ndarray = np.logical_and.reduce(
        [np.isin(side, _UNSELECTED) for side in (edges.egress, edges.ingress, edges.mesh)]
    )
    return free


def count_observed(edges: Edges) -> dict[str, int]:
    return {
        str(word): int(edges.records[edges.observed == code].sum())
        for code, word in enumerate(Observed)
        if (edges.observed == code).any()
    }


def count_violations(program: Program, edges: Edges, gathered: Gathered) -> Violations:
    codes = violation_codes(program, edges)
    return Violations(
        forwarded_denied=int(edges.records[codes == a.FORWARDED_DENIED].sum()),
        dropped_allowed=int(edges.records[codes == a.DROPPED_ALLOWED].sum()),
        findings=len(gathered.findings) + gathered.more,
        findings_not_listed=gathered.more,
        records_not_listed=gathered.more_records,
        observed_unknown=int(edges.records[untold(program, codes, edges)].sum()),
        expected=int(edges.records[expected(program, edges)].sum()),
    )


def count_load(load: LoadResult) -> dict[str, int]:
    """Service ports by state."""
    states = Counter(service.state for service in load.services)
    return {str(state): states[state] for state in State}


def check_load(totals: Totals, load: LoadResult) -> None:
    """Every judged row was attributed to a Service, or to none, once."""
    attributed = sum(load.classes.values())
    if attributed != totals.rows_judged + totals.rows_unknown:
        raise LedgerMismatchError(
            f"{totals.rows_judged + totals.rows_unknown} rows judged, {attributed} attributed"
        )


def count_cluster(
    cluster: Cluster,
    ranges: Sequence[str] = (),
    left_out: Sequence[LeftOut] = (),
    enforced: Cluster | None = None,
) -> ClusterCounts:
    """``ranges`` are those a person gave; ``left_out`` policies that the engine does not enforce.
    ``enforced`` is the cluster as it is judged."""
    return ClusterCounts(
        namespaces=len(cluster.namespaces),
        nodes=len({node.name for node in cluster.nodes}),
        pods=len({(pod.namespace, pod.name, pod.uid) for pod in cluster.pods if not pod.template}),
        workloads_without_pods=sum(pod.template for pod in cluster.pods),
        services=len({str(service) for service in cluster.services}),
        policies=len({str(policy) for policy in cluster.policies_taken}),
        rules=sum(map(_rules_of, cluster.policies)),
        skipped_kinds=dict(
            sorted(Counter(skipped.kind or "(no kind)" for skipped in cluster.skipped).items())
        ),
        other_policies=dict(
            sorted(Counter(f"{one.kind} ({one.language})" for one in cluster.other_policies).items())
        ),
        left_out_policies={one.title: one.policies for one in left_out},
        perhaps_in_force={str(one): one.sign for one in left_out if one.sign},
        warnings=cluster.warnings,
        pod_ranges=cluster.pod_ranges(ranges),
        refused=tuple(map(str, cluster.refused)),
        refused_by_engine=tuple(str(one) for one in cluster.skipped if one.is_refused_by_its_engine),
        known_until=None if cluster.known_until == END else instant_text(cluster.known_until),
        **(_mesh_of(enforced) if enforced is not None else {}),
    )


def _rules_of(policy: Policy) -> int:
    """How many stand in it; of mutual TLS, how many ports or modes refuse anybody."""
    match policy.mesh:
        case Authorization(AuthorizationAction.AUDIT):
            return 0
        case Authorization(rules=rules, targets=targets):
            return 1 if targets else len(rules)
        case PeerAuthentication(mode, ports, has_selector):
            return [mode, *(own for _, own in ports if has_selector)].count(Mode.STRICT)
    return len(policy.ingress) + len(policy.egress)


def _mesh_of(cluster: Cluster) -> dict[str, Any]:
    """What a service mesh carries, and how many policies of its own are asked; nothing without one."""
    members = {(pod.namespace, pod.name, pod.uid): pod.mesh.plane for pod in cluster.pods if pod.mesh}
    if not members:
        return {}
    settings = cluster.mesh or MeshSettings()
    is_linkerd = set(members.values()) == {DataPlane.LINKERD}
    how = f"root namespace {settings.root_namespace}, trust domain {settings.trust_domain}"
    own = {str(policy) for policy in cluster.policies if policy.tier.layer is Layer.MESH}
    return {
        "mesh": "Linkerd" if is_linkerd else f"Istio ({how})",
        "mesh_pods": dict(sorted(Counter(str(plane) for plane in members.values()).items())),
        "mesh_policies": len(own),
    }


def count_program(program: Program) -> ProgramCounts:
    tables = program.tables
    directions = (tables.ingress, tables.egress)
    return ProgramCounts(
        endpoints=len(tables.endpoints),
        rows=program.n_rows,
        epochs=len(tables.epoch_start),
        timed_addresses=len(tables.timed.first) - 1,
        ingress_subject_classes=tables.ingress.row.shape[1],
        ingress_peer_classes=tables.ingress.vector.shape[1],
        egress_subject_classes=tables.egress.row.shape[1],
        egress_peer_classes=tables.egress.vector.shape[1],
        port_classes=tables.other_port + 1,
        decisions=len(program.decisions),
        table_bytes=sum(d.vector.nbytes + d.decision.nbytes for d in directions),
    )


def speed(totals: Totals, timings: Timings) -> float:
    """Rows a second of judging."""
    return (totals.rows_declared - totals.rows_in_failed_files) / max(timings.judge, 1e-9)


def versions() -> dict[str, str]:
    """What judged, for whoever has to repeat it."""
    libraries = ("numba", "llvmlite", "numpy", "pyarrow")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in libraries}}

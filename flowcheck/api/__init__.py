"""The public functions that put stages together: compile a cluster, audit flows against it, explain a pair,
show all pairs, compare what two clusters make of flows, weigh rules, suggest policies.

Called by people through ``flowcheck.audit``, ``flowcheck.compile_program``, ``flowcheck.explain``,
``flowcheck.matrix``, ``flowcheck.diff``, ``flowcheck.rules`` and ``flowcheck.suggest``; the command line does
the same with its own progress and messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import flowcheck.reports.notebook  # noqa: F401 # it tells results how to show themselves
from flowcheck import compile as compiler
from flowcheck.api.asked import (
    DEFAULT_SKEW,
    ClusterOrPaths,
    check_names,
    loaded,
    names_of,
    opened,
    options_of,
    request_of,
    source_of,
    suggest_request_of,
    switches_of,
)
from flowcheck.compile import Program
from flowcheck.engines import profiles
from flowcheck.engines.profiles import AUTO
from flowcheck.explaining import explain
from flowcheck.keywords import AuditOptions, PolicyOptions, SuggestOptions
from flowcheck.model.cluster import Cluster
from flowcheck.reach.build import matrix
from flowcheck.reports.suggestion.policies import documents
from flowcheck.results.ruling.build import weigh
from flowcheck.results.ruling.together import Log
from flowcheck.runners.comparing.run import run_diff
from flowcheck.runners.local import run_audit
from flowcheck.runners.program.empty import enforced
from flowcheck.runners.suggesting.run import run_suggest

if TYPE_CHECKING:
    from flowcheck.results.audit import AuditResult
    from flowcheck.results.diff.result import DiffResult
    from flowcheck.results.records.rules import RulesRecord
    from flowcheck.runners.suggesting.run import Suggested

__all__ = [
    "AuditOptions",
    "SuggestOptions",
    "audit",
    "compile_program",
    "diff",
    "explain",
    "matrix",
    "rules",
    "suggest",
]


def compile_program(
    cluster: Cluster,
    *,
    skew: timedelta = DEFAULT_SKEW,
    as_of: datetime | Literal["current"] | None = None,
    cluster_ranges: Sequence[str] = (),
    assume_unchanged: timedelta = timedelta(),
    **engine: Unpack[PolicyOptions],
) -> Program:
    """Compile a cluster and its policies into the arrays that ``evaluate`` looks flows up in.

    ``skew``: how far the clocks of the log and the cluster may differ. ``as_of``: judge every flow by the
    policies of this instant (``current``: the latest), not by those in force when it began.
    ``cluster_ranges``: CIDRs that are the cluster's own, beside those its objects tell; what is guessed from
    where known pods are gives way to those that overlap it. ``assume_unchanged``: for so long after the last
    snapshot, policies are taken to be as it shows them; without it, which there are is open then.
    ``engine``: whose way to enforce policies (``cni``: "auto", by the cluster's own objects), and its answers
    to single questions; ``dns_map``: a file that tells which addresses DNS names had; ``mesh`` "off" leaves
    out a service mesh's policies, ``mesh_identity`` says whether its clients prove who they are where no
    record tells; ``max_table`` is how many bytes a direction's decision table may take.

    Raises: CompileError when a decision table would not fit; RunError for an answer that there is not.
    """
    if not isinstance(cluster, Cluster):
        raise TypeError(
            f"compile_program takes a Cluster, made by load_cluster, not a {type(cluster).__name__}"
        )
    check_names("compile_program", engine, PolicyOptions)
    options = options_of(skew, as_of, cluster_ranges, assume_unchanged, engine)
    enforced = profiles.apply(
        cluster,
        options,
        engine.get("cni", AUTO),
        dict(switches_of(engine)),
        names_of(engine),
        engine.get("mesh", AUTO),
    )
    return compiler.compile_program(enforced.cluster, enforced.options)


def audit(
    flows_paths: object,
    cluster: ClusterOrPaths,
    out: str | Path | None = None,
    jobs: int | None = None,
    **options: Unpack[AuditOptions],
) -> AuditResult:
    """Judge every flow in the given files, as ``flowcheck audit`` does, and return what was found.

    ``flows_paths``: files, folders and globs; or rows in memory, as ``evaluate`` takes them; or a list of
    either. Results call rows in memory by a name such as ``<DataFrame>``, and ``row`` is their position.
    ``cluster`` is a loaded cluster, or paths as for ``--cluster``. ``out``: the folder for the files of the
    result; None: they are not written. ``options`` are those of the command line: skew,
    as_of, assume_unchanged, cluster_ranges, since, until, namespaces, max_rejected_rows,
    max_rejected_percent, max_findings, min_coverage, give_up_after, keep_columns, resume, allow_no_policies,
    cache; baseline (a former result's folder) and ignore (a file): findings that are marked as not new;
    of logs
    source_format (``--from``), time_unit, time_zone, fields, mapping (a path), received_within (None: any);
    of who enforces policies cni, and each of its answers (docs/cni.md): ipblock_matches_pods,
    ipblock_matches_nodes, networks_match, block_takes, nodes_peers, cluster_policies, rule_types,
    selector_labels, port_names, same_port_name, equal_priority, baseline_tier, unselected_pods,
    host_network_namespace, own_node, to_own_node, same_pod, icmp, node_devices, node_dns, staged, enforced;
    dns_map, a file that tells which addresses DNS names had; of a service mesh mesh ("auto" or "off") and
    mesh_identity ("derived" or "recorded"); max_table (bytes).
    An incomplete run is a result too: look at ``result.summary.complete`` before saying that there are no
    violations.

    Raises: ManifestError, CompileError, RunError, FlowFormatError, when nothing was judged; OutputError.
    """
    check_names("audit", options, AuditOptions)
    if isinstance(cluster, Program):
        raise TypeError("audit takes a Cluster, or paths of one, and compiles it itself; not a Program")
    request = request_of(out, jobs, options)
    with opened(flows_paths, request) as inputs:
        return run_audit(inputs, source_of(cluster), request)


def diff(
    flows_paths: object,
    before: ClusterOrPaths,
    after: ClusterOrPaths,
    out: str | Path | None = None,
    jobs: int | None = None,
    **options: Unpack[AuditOptions],
) -> DiffResult:
    """Judge every flow by two clusters in one pass, as ``flowcheck diff`` does; return which verdicts change.

    ``flows_paths``, ``out``, ``jobs`` and ``options`` as for ``audit``; ``keep_columns``, ``baseline`` and
    ``ignore`` change nothing here, and ``max_findings`` are the changes that are listed. ``before`` and
    ``after`` are clusters, or paths as for ``--cluster``: ``load_cluster(paths, policies=new,
    replace_policies=True)`` is a cluster with other policies, with ``apply_policies=True`` one with some
    others. ``before`` may have no policies.

    Raises: ManifestError, CompileError, RunError, FlowFormatError, when nothing was judged; OutputError.
    """
    check_names("diff", options, AuditOptions)
    request = request_of(out, jobs, options)
    with opened(flows_paths, request) as inputs:
        return run_diff(inputs, source_of(before), source_of(after), request)


def rules(
    cluster: ClusterOrPaths,
    flows_paths: object = None,
    jobs: int | None = None,
    **options: Unpack[AuditOptions],
) -> RulesRecord:
    """Tell which rules do nothing, and who is protected by nothing, as ``flowcheck rules`` does.

    ``cluster`` and ``flows_paths`` as for ``audit``; without flows all that is told holds whatever the
    traffic, and ``traffic`` and ``flows`` in the record are None. ``options`` are those of ``audit``;
    ``baseline``, ``ignore``, ``keep_columns``, ``max_findings`` and ``resume`` change nothing here, and
    without flows only those do that say how policies are read. ``as_of``: what holds whatever the traffic is
    told of this instant; None: of the latest.

    Raises: ManifestError; CompileError; RunError where there are no pods, or no policies and no
    ``allow_no_policies``; FlowFormatError.
    """
    check_names("rules", options, AuditOptions)
    asked = request_of(None, jobs, options)
    if flows_paths is None:
        judged = enforced(loaded(cluster), asked)
        return weigh(judged.cluster, judged.options, options.get("as_of"))
    asked = replace(asked, options=replace(asked.options, alternatives=True))
    request = replace(asked, purpose="rules", load=False, resume=False)
    with opened(flows_paths, request) as inputs:
        result = run_audit(inputs, source_of(cluster), request)
    usage = result.usage
    assert usage is not None
    return weigh(usage.cluster, usage.options, options.get("as_of"), Log(usage, result.summary))


def suggest(
    flows_paths: object,
    cluster: ClusterOrPaths,
    jobs: int | None = None,
    **options: Unpack[SuggestOptions],
) -> Suggested:
    """Suggest the least policies that allow what flows show, as ``flowcheck suggest`` does.

    ``flows_paths``, ``cluster``, ``jobs`` as for ``audit``. ``options`` are those of ``audit``, of which
    ``baseline``, ``ignore``, ``keep_columns``, ``max_findings``, ``mesh`` and ``resume`` change nothing here;
    and language ("kubernetes", "cilium" or "calico"), everything (``--all``: as if there were no policies),
    direction ("both", "ingress" or "egress"), unseen, min_connections, leave_out_denied, common_prefix and
    common_prefix_v6 (bits), train_until (the instant from which on flows are held against the suggestion).

    ``text`` of what is returned is the policies as YAML, ``suggestion`` what was seen behind each rule, and
    what the suggestion would deny of the log (``check``) and of its rest (``holdout``).

    Raises: ManifestError, CompileError, FlowFormatError, OutputError; RunError, for a language that nobody
    would enforce, too.
    """
    check_names("suggest", options, SuggestOptions)
    request = suggest_request_of(jobs, options)
    with opened(flows_paths, request.audit) as inputs:
        return run_suggest(inputs, loaded(cluster), request, documents)

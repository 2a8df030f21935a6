"""The public functions that put stages together: compile a cluster, audit flows against it, explain a pair,
show all pairs.

Called by people through ``flowcheck.audit``, ``flowcheck.compile_program``, ``flowcheck.explain`` and
``flowcheck.matrix``; the command line does the same with its own progress and messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import flowcheck.reports.notebook  # noqa: F401 # it tells results how to show themselves
from flowcheck import compile as compiler
from flowcheck.compile import Program
from flowcheck.engines import profiles
from flowcheck.errors import RunError
from flowcheck.explaining import explain
from flowcheck.flows.files.inputs import InputFile
from flowcheck.flows.formats import HOMES
from flowcheck.flows.formats.mapped.file import mapping_text
from flowcheck.flows.known import AUTO, CANONICAL
from flowcheck.flows.logs.form import Asked
from flowcheck.keywords import GIVE_UP_AFTER, MOST_FINDINGS, AuditOptions, EngineOptions, PolicyOptions
from flowcheck.manifests.dns_map import read_dns_map
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import SWITCH_NAMES
from flowcheck.model.instants import instant_of
from flowcheck.model.options import Options
from flowcheck.model.ranges import DnsMap
from flowcheck.model.timeline import END
from flowcheck.reach.build import matrix
from flowcheck.reading import load_cluster
from flowcheck.results.gate.baseline import Baseline, read_baseline, refuse_own_output
from flowcheck.results.gate.ignoring import read_ignores
from flowcheck.runners.local import run_audit
from flowcheck.runners.program.source import ClusterSource, LoadedCluster
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.spill import as_inputs

if TYPE_CHECKING:
    from flowcheck.results.audit import AuditResult

__all__ = ["audit", "compile_program", "explain", "matrix"]

DEFAULT_SKEW = timedelta(microseconds=Options().skew)


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
    ``cluster_ranges``: CIDRs that are the cluster's own, beside those its objects tell; with any, none is
    guessed from where known pods are. ``assume_unchanged``: for so long after the last snapshot, policies are
    taken to be as it shows them; without it, which there are is open then. ``engine``: whose way to enforce
    policies (``cni``: "auto", by the cluster's own objects), and its answers to single questions;
    ``dns_map``: a file that tells which addresses DNS names had; ``mesh`` "off" leaves out a service mesh's
    policies, ``mesh_identity`` says whether its clients prove who they are where no record tells;
    ``max_table`` is how many bytes a direction's decision table may take.

    Raises: CompileError when a decision table would not fit; RunError for an answer that there is not.
    """
    if not isinstance(cluster, Cluster):
        raise TypeError(
            f"compile_program takes a Cluster, made by load_cluster, not a {type(cluster).__name__}"
        )
    _check_names("compile_program", engine, PolicyOptions)
    options = _options(skew, as_of, cluster_ranges, assume_unchanged, engine)
    enforced = profiles.apply(
        cluster,
        options,
        engine.get("cni", AUTO),
        dict(_switches(engine)),
        _names(engine),
        engine.get("mesh", AUTO),
    )
    return compiler.compile_program(enforced.cluster, enforced.options)


def _switches(given: EngineOptions) -> tuple[tuple[str, str], ...]:
    """Those of the options that are switches, with their values."""
    return tuple((name, str(given[name])) for name in SWITCH_NAMES if name in given)  # type: ignore[literal-required]


def _names(given: PolicyOptions) -> DnsMap | None:
    """What ``dns_map`` tells, if it was given."""
    path = given.get("dns_map")
    return None if path is None else read_dns_map(path)


def _check_names(function: str, given: Mapping[str, object], known: type) -> None:
    unknown = given.keys() - known.__annotations__.keys()
    if unknown:
        listed = ", ".join(known.__annotations__)
        raise TypeError(
            f"{function}() got an unexpected keyword argument {sorted(unknown)[0]!r}; there are {listed}"
        )


def _options(
    skew: timedelta,
    as_of: datetime | Literal["current"] | None,
    cluster_ranges: Sequence[str],
    assume_unchanged: timedelta,
    engine: PolicyOptions,
) -> Options:
    at = None if as_of is None else END if as_of == "current" else instant_of(as_of)
    microsecond = timedelta(microseconds=1)
    return Options(
        skew=skew // microsecond,
        policies_at=at,
        cluster_ranges=tuple(cluster_ranges),
        assume_unchanged=assume_unchanged // microsecond,
        mesh_identity=engine.get("mesh_identity", "derived"),
        max_table=engine.get("max_table"),
    )


def audit(
    flows_paths: object,
    cluster: Cluster | str | Path | Sequence[str | Path],
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
    _check_names("audit", options, AuditOptions)
    if isinstance(cluster, Program):
        raise TypeError("audit takes a Cluster, or paths of one, and compiles it itself; not a Program")
    request = AuditRequest(
        options=_options(
            options.get("skew", DEFAULT_SKEW),
            options.get("as_of"),
            options.get("cluster_ranges", ()),
            options.get("assume_unchanged", timedelta()),
            options,
        ),
        cni=options.get("cni", AUTO),
        mesh=options.get("mesh", AUTO),
        switches=_switches(options),
        dns_map=_names(options),
        out=None if out is None else Path(out),
        jobs=jobs,
        since=options.get("since"),
        until=options.get("until"),
        namespaces=tuple(options.get("namespaces", ())),
        max_rejected_rows=options.get("max_rejected_rows", 0),
        max_findings=options.get("max_findings", MOST_FINDINGS),
        baseline=_baseline(options.get("baseline"), out),
        ignores=None if (ignore := options.get("ignore")) is None else read_ignores(ignore),
        max_rejected_percent=options.get("max_rejected_percent"),
        min_coverage=options.get("min_coverage"),
        keep_columns=options.get("keep_columns", False),
        resume=options.get("resume", False),
        allow_no_policies=options.get("allow_no_policies", False),
        cache=options.get("cache", True),
        asked=_asked(options),
        patience=options.get("give_up_after", GIVE_UP_AFTER).total_seconds(),
    )
    source = (
        LoadedCluster(cluster)
        if isinstance(cluster, Cluster)
        else ClusterSource(tuple(_paths(cluster)), load_cluster)
    )
    with as_inputs(flows_paths, keep_columns=request.keep_columns) as inputs:
        if request.resume and any(isinstance(one, InputFile) for one in inputs):
            raise RunError("rows in memory are not known again", hint="resume needs the flows in files")
        return run_audit(inputs, source, request)


def _baseline(folder: str | Path | None, out: str | Path | None) -> Baseline | None:
    if folder is None:
        return None
    refuse_own_output(folder, out)
    return read_baseline(folder)


def _asked(options: AuditOptions) -> Asked:
    """What is said of logs. Raises: RunError for a format that there is not, or a mapping that is no text."""
    mapping, late = options.get("mapping"), options.get("received_within", timedelta(hours=1))
    name = options.get("source_format", AUTO if mapping is None else "mapped")
    if name not in (AUTO, CANONICAL, *HOMES):
        known = ", ".join((AUTO, CANONICAL, *HOMES))
        raise RunError(f"no format {name!r}", hint=f"there are {known}")
    try:
        text = mapping_text(mapping) if mapping is not None else ""
    except OSError as error:
        raise RunError(f"the mapping cannot be read: {error.strerror}", where=str(mapping)) from error
    return Asked(
        format=name,
        time_unit=options.get("time_unit", ""),
        time_zone=options.get("time_zone", ""),
        fields=tuple(options.get("fields", ())),
        mapping=text,
        most_late=None if late is None else late // timedelta(seconds=1),
    )


def _paths(paths: str | Path | Sequence[str | Path]) -> Sequence[str | Path]:
    """One path stands for a list of one; a string is never taken for a list of letters."""
    return [paths] if isinstance(paths, str | Path) else list(paths)

"""The options of an audit that ``flowcheck explain`` takes too: with them it explains the same policies."""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.compile import Program
from flowcheck.engines.profiles import AUTO
from flowcheck.model.engines import SWITCHES
from flowcheck.model.instants import instant_text
from flowcheck.model.options import Options
from flowcheck.model.timeline import END
from flowcheck.results.again import Again
from flowcheck.runners.program.source import ClusterSource, LoadedCluster
from flowcheck.runners.request import AuditRequest


def asking_again(
    source: ClusterSource | LoadedCluster, request: AuditRequest, program: Program
) -> Again | None:
    """None where no command can say it: of files of which the audit was told when they were written."""
    if isinstance(source, ClusterSource) and source.at is not None:
        return None
    words = (*_of_cluster(source), *_of_request(request))
    at_its_time = request.options.policies_at is None
    return Again(words, at_its_time, program.tables.n_sources > 1, program.mesh is not None, program)


def _of_cluster(source: ClusterSource | LoadedCluster) -> Iterator[str]:
    if isinstance(source, LoadedCluster):
        yield from Again().options
        return
    for option, paths in (("--cluster", source.paths), ("--policies", source.policies)):
        for path in paths:
            yield from (option, str(path))
    if source.replace_policies:
        yield "--replace-policies"
    if source.keep_going:
        yield "--keep-going"


def _of_request(request: AuditRequest) -> Iterator[str]:
    if request.allow_no_policies:
        yield "--allow-no-policies"
    for cidr in request.options.cluster_ranges:
        yield from ("--cluster-range", cidr)
    if request.cni != AUTO:
        yield from ("--cni", request.cni)
    if request.mesh != AUTO:
        yield from ("--mesh", request.mesh)
    if request.options.mesh_identity != Options().mesh_identity:
        yield from ("--mesh-identity", request.options.mesh_identity)
    chosen = dict(request.switches)
    for switch in SWITCHES:
        if switch.name in chosen:
            yield from (switch.option, chosen[switch.name])
    if request.dns_map is not None:
        yield from ("--dns-map", request.dns_map.path)
    at = request.options.policies_at
    if at not in (None, END):
        yield from ("--at", instant_text(at))

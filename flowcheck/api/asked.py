"""What callers in Python ask for, as what runs are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from flowcheck.engines.profiles import AUTO
from flowcheck.errors import RunError
from flowcheck.flows.files.inputs import Given, InputFile
from flowcheck.flows.formats import HOMES
from flowcheck.flows.formats.mapped.file import mapping_text
from flowcheck.flows.known import AUTO as AUTO_FORMAT
from flowcheck.flows.known import CANONICAL
from flowcheck.flows.logs.form import Asked
from flowcheck.keywords import (
    GIVE_UP_AFTER,
    MOST_FINDINGS,
    AuditOptions,
    EngineOptions,
    PolicyOptions,
    SuggestOptions,
)
from flowcheck.manifests.dns_map import read_dns_map
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import SWITCH_NAMES
from flowcheck.model.instants import instant_of
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction
from flowcheck.model.ranges import DnsMap
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster
from flowcheck.results.gate.baseline import Baseline, read_baseline, refuse_own_output
from flowcheck.results.gate.ignoring import read_ignores
from flowcheck.runners.program.source import ClusterSource, LoadedCluster
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.spill import as_inputs
from flowcheck.runners.suggesting.run import SuggestRequest
from flowcheck.stores.uri import is_uri
from flowcheck.suggesting.build import BOTH, Wanted
from flowcheck.suggesting.languages import LANGUAGES

ClusterOrPaths = Cluster | str | Path | Sequence[str | Path]
"""A loaded cluster, or paths as for ``--cluster``."""
DEFAULT_SKEW = timedelta(microseconds=Options().skew)


def switches_of(given: EngineOptions) -> tuple[tuple[str, str], ...]:
    """Those of the options that are switches, with their values."""
    return tuple((name, str(given[name])) for name in SWITCH_NAMES if name in given)  # type: ignore[literal-required]


def names_of(given: PolicyOptions) -> DnsMap | None:
    """What ``dns_map`` tells, if it was given."""
    path = given.get("dns_map")
    return None if path is None else read_dns_map(path)


def check_names(function: str, given: Mapping[str, object], known: type) -> None:
    """**Raises**: TypeError for an option that there is not."""
    unknown = given.keys() - known.__annotations__.keys()
    if unknown:
        listed = ", ".join(known.__annotations__)
        raise TypeError(
            f"{function}() got an unexpected keyword argument {sorted(unknown)[0]!r}; there are {listed}"
        )


def options_of(
    skew: timedelta,
    as_of: datetime | Literal["current"] | None,
    cluster_ranges: Sequence[str],
    assume_unchanged: timedelta,
    engine: PolicyOptions,
) -> Options:
    """What decides verdicts, by keywords."""
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


def request_of(out: str | Path | None, jobs: int | None, options: AuditOptions) -> AuditRequest:
    """What a run is asked.

    **Raises**: RunError."""
    return AuditRequest(
        options=options_of(
            options.get("skew", DEFAULT_SKEW),
            options.get("as_of"),
            options.get("cluster_ranges", ()),
            options.get("assume_unchanged", timedelta()),
            options,
        ),
        cni=options.get("cni", AUTO),
        mesh=options.get("mesh", AUTO),
        switches=switches_of(options),
        dns_map=names_of(options),
        out=_folder(out),
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


def loaded(cluster: ClusterOrPaths) -> Cluster:
    """**Raises**: ManifestError."""
    return cluster if isinstance(cluster, Cluster) else load_cluster(_paths(cluster))


def suggest_request_of(jobs: int | None, options: SuggestOptions) -> SuggestRequest:
    """**Raises**: RunError for what cannot be asked."""
    direction, language = options.get("direction", "both"), options.get("language", LANGUAGES[0])
    _one_of("direction", direction, ("both", *Direction))
    _one_of("language", language, LANGUAGES)
    until, train_until = options.get("until"), options.get("train_until")
    if until is not None and train_until is not None and instant_of(until) <= instant_of(train_until):
        raise RunError("until is not after train_until: nothing is left to hold against")
    wanted = Wanted(
        everything=options.get("everything", False),
        directions=BOTH if direction == "both" else (Direction(direction),),
        unseen=options.get("unseen", False),
        min_connections=options.get("min_connections", 1),
        common=(options.get("common_prefix"), options.get("common_prefix_v6")),
        denied_too=not options.get("leave_out_denied", False),
        namespaces=tuple(options.get("namespaces", ())),
    )
    audit = replace(request_of(None, jobs, options), resume=False)
    return SuggestRequest(audit, language, wanted, train_until)


def _one_of(name: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise RunError(f"no {name} {given!r}", hint=f"there are {', '.join(known)}")


def source_of(cluster: ClusterOrPaths) -> ClusterSource | LoadedCluster:
    if isinstance(cluster, Cluster):
        return LoadedCluster(cluster)
    return ClusterSource(tuple(_paths(cluster)), load_cluster)


@contextmanager
def opened(flows_paths: object, request: AuditRequest) -> Iterator[Sequence[Given]]:
    """Flows as runs take them.

    **Raises**: RunError for rows in memory, where a run is to go on with others."""
    with as_inputs(flows_paths, keep_columns=request.keep_columns) as inputs:
        if request.resume and any(isinstance(one, InputFile) for one in inputs):
            raise RunError("rows in memory are not known again", hint="resume needs the flows in files")
        yield inputs


def _folder(out: str | Path | None) -> Path | None:
    if isinstance(out, str) and is_uri(out):
        hint = "write to a folder and copy it there; the command line does that with -o"
        raise RunError("results are not written to a store from here", where=out[:60], hint=hint)
    return None if out is None else Path(out)


def _baseline(folder: str | Path | None, out: str | Path | None) -> Baseline | None:
    if folder is None:
        return None
    refuse_own_output(folder, out)
    return read_baseline(folder)


def _asked(options: AuditOptions) -> Asked:
    """What is said of logs. Raises: RunError for a format that there is not, or a mapping that is no text."""
    mapping, late = options.get("mapping"), options.get("received_within", timedelta(hours=1))
    name = options.get("source_format", AUTO_FORMAT if mapping is None else "mapped")
    if name not in (AUTO_FORMAT, CANONICAL, *HOMES):
        known = ", ".join((AUTO_FORMAT, CANONICAL, *HOMES))
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

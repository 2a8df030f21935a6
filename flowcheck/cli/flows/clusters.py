"""The cluster that options name, read; and what of it is enforced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowcheck.cli.words.engine import chosen, names_in
from flowcheck.counted import agreeing, counted
from flowcheck.errors import ManifestError, Problem

if TYPE_CHECKING:
    from flowcheck.engines.profiles import Enforced
    from flowcheck.manifests.files.paths import At
    from flowcheck.model.cluster import Cluster

CURRENT = "current"
"""What --policies takes beside paths where flows are judged; a file of that name is ./current."""


def policies_in(given: dict[str, Any]) -> tuple[str | Path, ...]:
    """The paths among what --policies takes."""
    return tuple(path for path in given["policies"] if path != CURRENT)


def read_cluster(given: dict[str, Any], at: At = None) -> Cluster:
    """The cluster that the options name. ``at``: when files were written whose names tell no time.

    **Raises**: RunError, ManifestError."""
    from flowcheck.reading import load_cluster

    cluster = load_cluster(
        given["cluster"],
        policies=given["policies"],
        replace_policies=given["replace_policies"],
        keep_going=given["keep_going"],
        at=at,
    )
    if given["strict"]:
        refuse_skipped(cluster, given["cni"])
    return cluster


def enforced(given: dict[str, Any], at: At = None) -> Enforced:
    """What of it is enforced, where there is anything to tell of it.

    **Raises**: RunError, ManifestError."""
    from flowcheck.engines.profiles import apply
    from flowcheck.model.options import Options
    from flowcheck.runners.program.empty import check_enforced

    cluster = read_cluster(given, at)
    options = Options(**{name: given[name] for name in ("cluster_ranges", "mesh_identity", "max_table")})
    judged = apply(cluster, options, given["cni"], dict(chosen(given)), names_in(given), given["mesh"])
    check_enforced(cluster, judged, needs_policies=not given["allow_no_policies"])
    return judged


def after_the_last(cluster: Cluster, at: datetime | None) -> Iterator[str]:
    """That an audit would not say of flows after the last snapshot what is told of this instant; None: the
    latest."""
    from flowcheck.model.instants import instant_of, instant_text
    from flowcheck.model.timeline import END

    if cluster.known_until < END and (at is None or instant_of(at) > cluster.known_until):
        yield (
            f"policies are known until {instant_text(cluster.known_until)}, the last snapshot, by which this "
            "is told: of flows after it an audit says unknown (ambiguous_policy), unless --assume-unchanged "
            "DURATION or --policies current is given, or a later snapshot"
        )


def refuse_skipped(cluster: Cluster, cni: str) -> None:
    """--strict: a document that takes no part stops the run, with all such documents listed; and so do
    policies that the engine does not enforce."""
    from flowcheck.engines.profiles import left_out

    problems = [
        Problem(
            f"{' '.join(filter(None, (document.kind, document.name)))}: {document.reason}",
            str(document.source),
        )
        for document in cluster.skipped
    ]
    problems += [Problem(f"{one} (first: {one.first})") for one in left_out(cluster, cni)]
    if problems:
        raise ManifestError(
            f"{counted(len(problems), 'document')} would take no part",
            hint=f"remove {agreeing(len(problems), 'it', 'them')}, or leave out --strict",
            problems=problems,
        )

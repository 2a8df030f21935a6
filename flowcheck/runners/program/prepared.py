"""What an audit judges by: cluster, program and plan of counting; made anew, or known from an audit
before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flowcheck.advice.translated import pools_not_seen_outside
from flowcheck.arrays import ServiceTable
from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.expect.plan import plan_counting
from flowcheck.compile import Program, compile_program
from flowcheck.engines.profiles import Enforced, view_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.timeline import END
from flowcheck.results.summary import count_cluster
from flowcheck.runners.program import kept
from flowcheck.runners.program.empty import judged_of, policies_of
from flowcheck.runners.program.facts import Facts
from flowcheck.runners.program.given import give, read_for_results, results_sections, sections_of
from flowcheck.runners.program.stored import write_sections
from flowcheck.runners.request import AuditRequest
from flowcheck.uncollected import uncollected


class ToldBy(NamedTuple):
    """What the parent puts names back with. ``catalog``: None where the load is not counted."""

    program: Program
    catalog: Catalog | None


@dataclass
class Prepared:
    """``place`` writes what workers judge by into a file; ``keep`` keeps all of it for the next audit, where
    that is worth it and wanted."""

    facts: Facts
    services: ServiceTable
    make_told_by: Callable[[], ToldBy]
    make_cluster: Callable[[], Cluster]
    place: Callable[[BinaryIO], None]
    keep: Callable[[], None] = lambda: None

    @cached_property
    def told_by(self) -> ToldBy:
        with uncollected():
            return self.make_told_by()

    @cached_property
    def cluster(self) -> Cluster:
        with uncollected():
            return self.make_cluster()


def known(path: Path | None) -> Prepared | None:
    """What an earlier audit kept there."""
    stored = None if path is None else kept.find(path)
    if path is None or stored is None:
        return None
    services = stored.load("program")["tables"].services
    prepared = Prepared(
        stored.load("facts"),
        services,
        lambda: ToldBy(read_for_results(stored, lambda: prepared.cluster), stored.load("catalog")),
        lambda: stored.load("cluster"),
        stored.copy_to,
    )
    return prepared


def compiled(cluster: Cluster, enforced: Enforced, request: AuditRequest, kept_at: Path | None) -> Prepared:
    """Made now, of a cluster and what of it is enforced. ``kept_at``: where it is to be kept, None: nowhere.

    **Raises**: CompileError.
    """
    program = compile_program(enforced.cluster, enforced.options)
    catalog, plan = plan_counting(program, enforced.cluster) if request.load else (None, None)
    view = view_of(enforced.cluster)
    identity = repr((program.fingerprint, plan.key() if plan else None)).encode("utf-8", "backslashreplace")
    facts = Facts(
        len(cluster.pods),
        policies_of(cluster),
        judged_of(cluster, enforced),
        hashlib.sha256(identity).hexdigest(),
        program.fingerprint,
        count_cluster(
            replace(
                _as_judged(cluster, request.options),
                warnings=(*enforced.cluster.warnings, *pools_not_seen_outside(cluster)),
            ),
            request.options.cluster_ranges,
            view.left_out,
            enforced.cluster,
        ),
        dict(enforced.cluster.inputs),
        view,
    )
    sections = sections_of(give(program, plan))

    def keep() -> None:
        if kept_at is not None:
            with uncollected():
                more = {"facts": facts, "catalog": catalog, **results_sections(program)}
                kept.keep(kept_at, {**sections, **more})

    return Prepared(
        facts,
        program.tables.services,
        lambda: ToldBy(program, catalog),
        lambda: enforced.cluster,
        lambda to: write_sections(to, sections),
        keep,
    )


def _as_judged(cluster: Cluster, options: Options) -> Cluster:
    """The cluster, its policies known for as long as they are taken to be."""
    known = cluster.unchanged_for(options.assume_unchanged)
    return known if options.policies_at is None else replace(known, known_until=END)

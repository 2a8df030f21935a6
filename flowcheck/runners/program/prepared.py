"""What an audit judges by: cluster, program and plan of counting; made anew, or known from an audit
before."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from flowcheck.arrays import ServiceTable
from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.expect.plan import plan_counting
from flowcheck.compile import Program, compile_program
from flowcheck.model.cluster import Cluster
from flowcheck.runners.program import kept
from flowcheck.runners.program.given import give, sections_of
from flowcheck.runners.program.stored import write_sections
from flowcheck.runners.request import AuditRequest
from flowcheck.uncollected import uncollected


class Whole(NamedTuple):
    """What the parent puts names back with. ``catalog``: None where the load is not counted."""

    cluster: Cluster
    program: Program
    catalog: Catalog | None


class Facts(msgspec.Struct, frozen=True):
    """What is asked before a flow is judged. ``identity`` tells it from what other programs would say."""

    pods: int
    policies: int
    identity: str


@dataclass
class Prepared:
    """``place`` puts what workers judge by at a path; ``keep`` keeps all of it for the next audit, where that
    is worth it and wanted."""

    facts: Facts
    services: ServiceTable
    make_whole: Callable[[], Whole]
    place: Callable[[Path], None]
    keep: Callable[[], None] = lambda: None

    @cached_property
    def whole(self) -> Whole:
        with uncollected():
            return self.make_whole()


def known(path: Path | None) -> Prepared | None:
    """What an earlier audit kept there."""
    stored = None if path is None else kept.find(path)
    if path is None or stored is None:
        return None
    services = stored.load("program")["tables"].services
    return Prepared(stored.load("facts"), services, lambda: stored.load("whole"), lambda to: _link(path, to))


def compiled(cluster: Cluster, request: AuditRequest, kept_at: Path | None) -> Prepared:
    """Made now. ``kept_at``: where it is to be kept, None: nowhere.

    **Raises**: CompileError.
    """
    program = compile_program(cluster, request.options)
    catalog, plan = plan_counting(program, cluster) if request.load else (None, None)
    identity = repr((program.fingerprint, plan.key() if plan else None)).encode("utf-8", "backslashreplace")
    facts = Facts(len(cluster.pods), len(cluster.policies), hashlib.sha256(identity).hexdigest())
    whole, sections = Whole(cluster, program, catalog), sections_of(give(program, plan))

    def keep() -> None:
        if kept_at is not None:
            with uncollected():
                kept.keep(kept_at, {"facts": facts, **sections, "whole": whole})

    return Prepared(
        facts, program.tables.services, lambda: whole, lambda to: write_sections(to, sections), keep
    )


def _link(path: Path, to: Path) -> None:
    """A name of its own: it stays there even when the cache is tidied meanwhile."""
    try:
        os.link(path, to)
    except OSError:
        shutil.copyfile(path, to)

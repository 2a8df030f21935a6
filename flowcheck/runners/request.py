"""What an audit is asked to do, and what it says while it does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from flowcheck.engines.profiles import AUTO
from flowcheck.flows.files.partitions import Window
from flowcheck.flows.logs.form import Asked
from flowcheck.keywords import MOST_FINDINGS
from flowcheck.model.instants import instant_of
from flowcheck.model.options import Options, Thresholds
from flowcheck.model.ranges import DnsMap
from flowcheck.results.gate.baseline import Baseline
from flowcheck.results.gate.ignoring import Ignores
from flowcheck.runners.messages import PATIENCE


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """``out`` None: results are returned only. ``jobs`` None: one worker a core.

    ``since`` is included, ``until`` is not; both are compared with start_time. ``namespaces`` keeps flows
    with an end in one of them. More than ``max_rejected_rows`` and more than ``max_rejected_percent`` of
    the rows rejected, or coverage below ``min_coverage`` percent, make the run incomplete, and so does a run
    that has nothing to say of its ``purpose``: the policies' verdicts, the load, or the rules.
    ``max_findings`` are listed, the gravest; all are counted. ``thresholds`` and ``proportional`` are for the
    load: see :func:`flowcheck.balance.tell.services.assess_services`. ``load`` False leaves it out, to tell
    what it costs. ``asked``: what is said of logs that do not say it themselves. ``cni``, ``switches``,
    ``mesh``: whose way to enforce policies, see :func:`flowcheck.engines.profiles.apply`; what they decide is
    not in ``options`` yet. ``dns_map``: what policies about names are decided by. ``patience``: seconds
    without progress, after which a worker is killed. ``partition_margin``: how far around its time a folder
    may hold records; None: as its layout has it. ``baseline``, ``ignores``: what findings are held
    against. ``contacts``: count them, and hand them on with the result."""

    options: Options = field(default_factory=Options)
    out: Path | None = None
    jobs: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    namespaces: tuple[str, ...] = ()
    max_rejected_rows: int = 0
    max_findings: int = MOST_FINDINGS
    max_rejected_percent: float | None = None
    min_coverage: float | None = None
    keep_columns: bool = False
    resume: bool = False
    allow_no_policies: bool = False
    cache: bool = True
    thresholds: Thresholds = field(default_factory=Thresholds)
    proportional: bool = False
    load: bool = True
    purpose: Literal["policies", "load", "rules"] = "policies"
    asked: Asked = field(default_factory=Asked)
    cni: str = AUTO
    switches: tuple[tuple[str, str], ...] = ()
    dns_map: DnsMap | None = None
    mesh: str = AUTO
    patience: float = PATIENCE
    partition_margin: timedelta | None = None
    baseline: Baseline | None = None
    ignores: Ignores | None = None
    contacts: bool = False

    @property
    def window(self) -> Window:
        """The time that is asked for."""
        since, until = (None if time is None else instant_of(time) for time in (self.since, self.until))
        margin = self.partition_margin
        return Window(since, until, None if margin is None else margin // timedelta(microseconds=1))

    @property
    def needs_policies(self) -> bool:
        """Whether a cluster without policies answers nothing."""
        return not self.allow_no_policies and self.purpose != "load"

    @property
    def judged_by(self) -> tuple[object, ...]:
        """What decides what a cluster's program is."""
        named = self.dns_map and self.dns_map.sha256
        return self.options, self.cni, self.switches, named, self.mesh


@dataclass(frozen=True, slots=True)
class Progress:
    """``rows_total`` is None until every file's footer has been read."""

    phase: str
    rows_done: int = 0
    rows_total: int | None = None
    files_done: int = 0
    files_total: int = 0

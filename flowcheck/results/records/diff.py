"""What stands in diff.json: recorded flows whose verdict is another under other policies."""

from __future__ import annotations

import msgspec

from flowcheck.outcome import Nothing
from flowcheck.results.records.findings import Example
from flowcheck.results.records.ledger import LeftUnread, Totals
from flowcheck.results.records.summary import ClusterCounts, Resumed, Timings, VerdictCounts


class Decided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One verdict and what says so: ``policies`` are the rules that deny, or those of both sides that allow,
    as ``flowcheck explain`` names them; none where no policy decided. ``policy_sources``: where each is
    written. ``direction``: at which side. ``reason``: why the verdict is unknown."""

    verdict: str
    reason: str = ""
    direction: str = ""
    policies: tuple[str, ...] = ()
    policy_sources: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Recorded flows that share kind, ends, port, protocol, what became of them and both verdicts with their
    rules.

    ``source`` and ``destination`` as in findings; ``source_after`` and ``destination_after``: who has the
    address in the other cluster, where that is somebody else. Those that differ in more than MOST_PORTS ports
    alone are one, as in findings. ``observed``: what the log says became of them. ``bytes`` is None where no
    row has any. ``example``: the first such row.
    """

    kind: str
    source: str
    destination: str
    port: int | None
    protocol: str
    observed: str
    before: Decided
    after: Decided
    records: int
    flows: int
    bytes: int | None
    first_seen: str
    last_seen: str
    example: Example
    source_after: str = ""
    destination_after: str = ""
    ports: tuple[str, ...] = ()
    n_ports: int = 0


class KindCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many changes are of a kind, and how many records and connections those have. ``observed_unknown``:
    records of which the log does not say what became of them."""

    changes: int = 0
    records: int = 0
    flows: int = 0
    observed_unknown: int = 0


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """Records and connections by both verdicts."""

    before: str
    after: str
    records: int
    flows: int


class PolicyChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Policies by name: those that only one side has, those that say something else, and how many are the
    same."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    same: int


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What flows were judged by, before or after; the fields are as in summary.json."""

    program: str
    engine: str
    options: dict[str, str]
    cluster: ClusterCounts
    inputs: dict[str, str]
    verdicts: VerdictCounts
    coverage: float
    nothing: Nothing | None = None


class DiffSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison in numbers.

    ``totals.rows_judged`` have a verdict by both, ``rows_unknown`` by one at most; together they are the
    records of ``unchanged`` and of all ``kinds``. ``other_rule``: records of ``unchanged`` that another rule
    decides. ``transitions``: every pair of verdicts that occurs.
    """

    schema: int
    version: str
    started_at: str
    complete: bool
    incomplete_because: tuple[str, ...]
    totals: Totals
    pruned: tuple[LeftUnread, ...]
    before: Side
    after: Side
    policies: PolicyChanges
    kinds: dict[str, KindCount]
    unchanged: KindCount
    other_rule: int
    transitions: tuple[Transition, ...]
    first_seen: str | None
    last_seen: str | None
    timings: Timings
    rows_per_second: float
    versions: dict[str, str]
    changes_not_listed: int = 0
    records_not_listed: int = 0
    resumed: Resumed | None = None

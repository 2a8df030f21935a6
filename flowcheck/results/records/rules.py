"""What ``flowcheck rules`` tells, as it stands in its JSON."""

from __future__ import annotations

from collections import Counter

import msgspec

from flowcheck.outcome import Shown


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """Who would have said the same of so many records."""

    name: str
    records: int


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says of a rule.

    ``state``: ``needed`` (without it some verdict of the log would be another), ``shadowed`` (none would:
    ``by`` would have said the same of every record that it decided), ``perhaps_needed`` (that is not known of
    ``open_records`` of them, or ``unknown_records`` may be its, too), ``perhaps_hit`` (only such),
    ``never_hit``; ``hit`` of a mesh's rules, of which no more is told; ``not_told`` of rules that pass on.
    ``alike_records``: those of ``records`` that it shares with others."""

    state: str
    records: int
    connections: int
    alike_records: int
    open_records: int
    unknown_records: int
    by: tuple[Alike, ...] = ()


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Flows whose verdict hangs on a rule, in words."""

    src: str
    dst: str
    ports: str


class RuleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. ``policy``, ``rule``: as findings name them, ``policy[rule]``; ``layer``: ingress, egress or
    mesh.

    ``worth``, whatever the traffic: ``needed`` (as for ``example``), ``redundant`` (``by`` decide alike),
    ``unreachable`` (``by`` decide before it), ``matches_nobody`` (``nobody``: policy, peers or pairs),
    ``unknown`` (``reasons``), ``not_in_force`` (at the instant of which that is told). ``overrides``,
    ``overridden_by``: who of another tier says otherwise. ``last_of_direction``: without it the policy must
    say by ``policyTypes`` or the like that it still isolates. ``empty_peers``: those of its entries (from 0)
    that take nobody. ``traffic``: null without flows."""

    policy: str
    rule: str
    tier: str
    layer: str
    action: str
    file: str
    line: int
    worth: str
    reasons: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    nobody: str = ""
    empty_peers: tuple[int, ...] = ()
    overrides: tuple[str, ...] = ()
    overridden_by: tuple[str, ...] = ()
    last_of_direction: bool = False
    example: Example | None = None
    traffic: Traffic | None = None

    @property
    def name(self) -> str:
        return f"{self.policy}[{self.rule}]"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """So many connections of one kind."""

    name: str
    connections: int


class LetInRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Flows that were allowed only as nothing isolates the workload: the ports and peers with the most
    connections, and how many there are."""

    records: int
    connections: int
    bytes: int
    n_ports: int
    n_peers: int
    ports: tuple[Counted, ...]
    peers: tuple[Counted, ...]


class UnprotectedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A workload with pods that no policy isolates in one direction: how many are isolated, how many not, of
    how many that is open. ``named``: rules of policies that do not isolate, such as admin policies, are about
    such pods. All are 0 of one that was there only at another time. ``flows``: null without a log."""

    workload: str
    namespace: str
    layer: str
    pods_isolated: int
    pods_open: int
    pods_unisolated: int
    named: bool = False
    flows: LetInRecord | None = None


class IdleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that selects nobody."""

    policy: str
    file: str
    line: int


class RulesRecord(msgspec.Struct, Shown, frozen=True, kw_only=True):
    """``at``: the instant of which all but traffic is told; empty where nothing ever changes. ``since``,
    ``until``: the first and last flow. ``endpoints``: among how many that is asked."""

    schema: int
    version: str
    engine: str
    at: str
    pods: int
    blocks: int
    mesh: bool
    complete: bool
    incomplete_because: tuple[str, ...]
    rows: int | None
    since: str | None
    until: str | None
    rules: tuple[RuleRecord, ...]
    idle_policies: tuple[IdleRecord, ...]
    unprotected: tuple[UnprotectedRecord, ...]

    def __repr__(self) -> str:
        """Counts only: nothing that an input wrote."""
        worths = Counter(rule.worth for rule in self.rules)
        counts = "".join(f" {worth}={number}" for worth, number in sorted(worths.items()))
        unprotected, complete = len(self.unprotected), self.complete
        return f"<RulesRecord rules={len(self.rules)}{counts} {unprotected=} {complete=}>"

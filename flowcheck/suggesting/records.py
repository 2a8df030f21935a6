"""What a suggestion is handed out as: ``suggestion.json``. Times are RFC 3339 texts in UTC."""

from __future__ import annotations

from typing import Literal

import msgspec

from flowcheck.outcome import Shown

MAY_BE_DENIED = frozenset(
    {
        *("forbidden", "denied_today", "no_such_rule", "no_labels", "no_address", "no_port"),
        *("ambiguous_src", "ambiguous_dst"),
    }
)
"""Reasons of what is set aside though a suggestion may deny it."""


class SeenEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One address that was seen. ``end``: the address, or a node's name and its address; ``names``: those
    that the DNS map has for it at that time."""

    end: str
    names: tuple[str, ...]
    connections: int
    records: int
    first_seen: str
    last_seen: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule is for. ``port`` is null of a protocol without ports. ``once``: it was seen once only.

    ``denied_by``: policies that deny it today, though it went through. ``refused``: connections of the same
    that the network did not let through. ``by_service``: what was dialled is a Service or a node's port, so
    the peer is one that may have got it. ``ends``: of a block, its addresses; of more than are listed
    ``n_ends`` is the number.
    """

    workload: str
    direction: str
    peer: str
    protocol: str
    port: int | None
    connections: int
    records: int
    first_seen: str
    last_seen: str
    once: bool
    denied_by: tuple[str, ...]
    refused: int
    by_service: bool
    ends: tuple[SeenEnd, ...]
    n_ends: int


class SuggestedRule(msgspec.Struct, frozen=True, kw_only=True):
    """``rule`` is its place, as ``ingress[0]``; ``seen``: what it is for."""

    rule: str
    direction: str
    peers: tuple[str, ...]
    ports: tuple[str, ...]
    seen: tuple[Seen, ...]


class SuggestedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """``selector`` selects the pods of ``workloads``, of which there are ``pods``, and those of
    ``also_selects``; ``workload`` is what they are called here. ``looks_up``: egress is not isolated, or a
    lookup in DNS was seen."""

    namespace: str
    name: str
    workload: str
    workloads: tuple[str, ...]
    pods: int
    selector: str
    also_selects: tuple[str, ...]
    isolates: tuple[str, ...]
    looks_up: bool
    rules: tuple[SuggestedRule, ...]


class AlreadyAllowed(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy that there is (``by``) allows, whatever else isolates: so it is not suggested again."""

    direction: str
    source: str
    destination: str
    protocol: str
    port: int | None
    by: str
    connections: int
    records: int
    first_seen: str
    last_seen: str


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """What makes no rule, and why: see docs/suggest.md for the reasons."""

    reason: str
    source: str
    destination: str
    protocol: str
    port: int | None
    connections: int
    records: int
    first_seen: str
    last_seen: str


class ReasonCount(msgspec.Struct, frozen=True, kw_only=True):
    """All that was set aside for one reason; ``listed``: how many entries of it are in ``set_aside``."""

    reason: str
    entries: int
    listed: int
    connections: int
    records: int


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """What went through and the suggested policies would deny. An address outside stands as the block that
    policies know it by."""

    source: str
    destination: str
    protocol: str
    port: int | None
    connections: int
    records: int
    first_seen: str
    last_seen: str
    egress_policy: str
    ingress_policy: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log judged by the suggested policies. ``unknown_records``: of which nobody can say.
    ``denied``: the first so many of what is denied, the most frequent first."""

    records: int
    connections: int
    first_seen: str | None
    last_seen: str | None
    unknown_records: int
    denied_records: int
    denied_connections: int
    n_denied: int
    denied: tuple[Denied, ...]
    complete: bool
    incomplete_because: tuple[str, ...]


class Suggestion(msgspec.Struct, Shown, frozen=True, kw_only=True):
    """What ``flowcheck suggest`` writes beside the policies.

    ``stands``: "beside" the policies that there are, or "instead" of all of them. ``check``: the log that the
    suggestion was made of, judged by it; ``holdout``: the rest of it, None where there is none.
    ``unseen``: workloads without any contact; ``without_labels``: seen, and no policy can select them;
    ``seldom``: what ``min_connections`` left out. ``n_`` of what is listed in part only.
    """

    schema: int
    version: str
    kind: str
    stands: Literal["beside", "instead"]
    engine: str
    trained_until: str | None
    min_connections: int
    records: int
    connections: int
    first_seen: str | None
    last_seen: str | None
    complete: bool
    incomplete_because: tuple[str, ...]
    policies: tuple[SuggestedPolicy, ...]
    already_allowed: tuple[AlreadyAllowed, ...]
    n_already_allowed: int
    set_aside: tuple[SetAside, ...]
    set_aside_by_reason: tuple[ReasonCount, ...]
    seldom: tuple[Seen, ...]
    unseen: tuple[str, ...]
    without_labels: tuple[str, ...]
    warnings: tuple[str, ...]
    check: Held | None
    holdout: Held | None

    def __repr__(self) -> str:
        """Counts only: nothing that an input wrote."""
        policies, rules, complete = len(self.policies), self.n_rules, self.complete
        return f"<Suggestion {policies=} {rules=} connections={self.connections} {complete=}>"

    @property
    def n_rules(self) -> int:
        return sum(len(policy.rules) for policy in self.policies)

    @property
    def unexplained(self) -> int:
        """Records of its own log that it denies, beyond those of which something says why."""
        told = sum(one.records for one in self.set_aside_by_reason if one.reason in MAY_BE_DENIED)
        told += sum(one.records for one in self.seldom)
        return 0 if self.check is None else max(self.check.denied_records - told, 0)

"""Rules -> rows: one rule with one port range, its subjects and peers as bitsets, in the order asked.

A named port is looked up on the destination pod, so a rule with one is split by the number it
stands for: by subject on ingress, by peer on egress. ``ipBlock`` and domain names that may or may not
match become rows marked *maybe*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Rows, UInt64
from flowcheck.compile import bitset
from flowcheck.compile.axis import Axis
from flowcheck.compile.ports import PortClasses
from flowcheck.compile.selectors import SelectorIndex
from flowcheck.model.options import Options
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    PodQuery,
    Policy,
    PortRange,
    Rule,
)

ACTION_CODES = {Action.ALLOW: a.ACTION_ALLOW, Action.DENY: a.ACTION_DENY, Action.PASS: a.ACTION_PASS}


@dataclass(frozen=True, slots=True)
class NumberedRule:
    """A rule with its policy and its decision's number, in the order rules are asked."""

    policy: Policy
    rule: Rule
    direction: Direction
    decision: int


class PeerSet(NamedTuple):
    """Endpoints a rule's peers stand for; ``maybe`` is the reason code where they only may."""

    words: UInt64
    maybe: int


class NamedPorts:
    """Which pod endpoints declare a port name, by protocol and number."""

    def __init__(self, axis: Axis) -> None:
        self._n = len(axis.endpoints)
        self._declared: dict[str, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
        for endpoint, pod in axis.pods:
            for port in pod.ports:
                if port.name:
                    self._declared[port.name][port.protocol, port.number].append(endpoint)
        self._meanings: dict[str, list[tuple[int, int, UInt64]]] = {}

    def resolve(self, port: NamedPort) -> Iterator[tuple[PortRange, UInt64]]:
        """Each (port, the pods on which the name means it)."""
        if port.name not in self._meanings:
            self._meanings[port.name] = [
                (protocol, number, bitset.from_indices(members, self._n))
                for (protocol, number), members in sorted(self._declared.get(port.name, {}).items())
            ]
        for protocol, number, pods in self._meanings[port.name]:
            if port.protocol in (None, protocol):
                yield PortRange(protocol, number, number), pods


def port_ranges(policies: Iterable[Policy], named: NamedPorts) -> Iterator[PortRange]:
    """Every port range any rule speaks of, named ports resolved."""
    for policy in policies:
        for rule in (*policy.ingress, *policy.egress):
            for port in rule.ports or ():
                if isinstance(port, PortRange):
                    yield port
                else:
                    yield from (found for found, _ in named.resolve(port))


class RowBuilder:
    """Builds the rows of one direction after the other over one pool of sets."""

    def __init__(
        self,
        index: SelectorIndex,
        ports: PortClasses,
        named: NamedPorts,
        options: Options,
        pool: bitset.SetPool,
    ) -> None:
        self._index = index
        self._ports = ports
        self._named = named
        self._options = options
        self._pool = pool

    def build(self, rules: Sequence[NumberedRule]) -> Rows:
        """Rows in the order of ``rules``; rules nobody can match leave none."""
        columns: list[tuple[int, ...]] = []
        for numbered in rules:
            subject = self._index.select_pods(numbered.policy.subject)
            if subject.any():
                columns += self._rows_of(numbered, subject)
        table = np.array(columns, dtype=np.int64).reshape(-1, 8).T
        dtypes = (np.int32, np.int32, np.int32, np.int32, np.uint8, np.uint8, np.uint8, np.int32)
        return Rows(
            *(np.ascontiguousarray(column.astype(dtype)) for column, dtype in zip(table, dtypes, strict=True))
        )

    def _rows_of(self, numbered: NumberedRule, subject: UInt64) -> Iterator[tuple[int, ...]]:
        rule = numbered.rule
        for peers in self._peers(rule, numbered.direction):
            for span, subjects, found in self._split_by_port(rule, numbered.direction, subject, peers.words):
                if subjects.any() and found.any():
                    yield (
                        self._pool.add(subjects),
                        self._pool.add(found),
                        *span,
                        int(numbered.policy.tier),
                        ACTION_CODES[rule.action],
                        peers.maybe,
                        numbered.decision,
                    )

    def _split_by_port(
        self, rule: Rule, direction: Direction, subject: UInt64, peer: UInt64
    ) -> Iterator[tuple[tuple[int, int], UInt64, UInt64]]:
        """(port classes, subjects, peers) for each of a rule's ports; all of them when it names none."""
        if rule.ports is None:
            yield self._ports.everything(), subject, peer
            return
        for port in rule.ports:
            if isinstance(port, PortRange):
                yield self._ports.span(port), subject, peer
                continue
            for found, destinations in self._named.resolve(port):
                if direction is Direction.INGRESS:
                    yield self._ports.span(found), subject & destinations, peer
                else:
                    yield self._ports.span(found), subject, peer & destinations

    def _peers(self, rule: Rule, direction: Direction) -> Iterator[PeerSet]:
        """The sure peers of a rule as one set, then those that only may match, by reason."""
        if rule.peers is None:
            yield PeerSet(self._index.everyone, 0)
            return
        sure = self._index.everyone & np.uint64(0)
        maybe: dict[int, UInt64] = {}
        for peer in rule.peers:
            match peer:
                case Anyone():
                    sure = sure | self._index.everyone
                case PodQuery():
                    sure = sure | self._index.select_pods(peer)
                case NodeQuery():
                    sure = sure | self._index.select_nodes(peer.nodes)
                case AddressBlock():
                    block = self._index.select_block(peer)
                    asked = {None: self._options.ipblock_matches_pods, True: "yes", False: "no"}
                    choice = asked[peer.may_match_pods]
                    sure = sure | (block if choice == "yes" else block & ~self._index.pods)
                    if choice == "unknown":
                        reason = a.REASON_UNSUPPORTED_FIELD
                        maybe[reason] = maybe.get(reason, sure & np.uint64(0)) | (block & self._index.pods)
                case DomainNames():
                    if direction is Direction.EGRESS:
                        maybe[a.REASON_NEEDS_DNS] = self._index.external()
        yield PeerSet(sure, 0)
        for reason, words in maybe.items():
            yield PeerSet(words & ~sure, reason)

"""Distinct decision vectors: what is decided, for each class of ports, where a list of rows matches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Rows
from flowcheck.compile.rules.decisions import Decisions
from flowcheck.compile.rules.outcome.alternatives import Alternatives
from flowcheck.compile.rules.outcome.numbered import Numbered
from flowcheck.compile.rules.ports import PortClasses
from flowcheck.kernels import rows as row_kernels
from flowcheck.kernels.without.weighing import Lists

_OF_A_KEY = 180
"""Bytes that Python takes for the key of an outcome."""
_IN_A_BLOCK = 1 << 20
"""Bytes, or one outcome: those that are kept together, so that none is moved as they become more."""


class Decider(NamedTuple):
    """What the table needs besides rows: port classes, all decisions, and ``defaults(isolated_by)``: each
    stage's default for protocols with and without ports, given the isolating policies. ``numbered``: rules,
    where decisions are to tell what would come out without them."""

    ports: PortClasses
    decisions: Decisions
    defaults: Callable[[tuple[int, ...]], tuple[Int32, Int32]]
    numbered: Numbered | None = None


class Outcomes:
    """Each vector is kept once: of many policies for many pods there are millions."""

    def __init__(self, rows: Rows, decider: Decider) -> None:
        self._rows = rows
        self._decider = decider
        self._numbers: dict[bytes, int] = {}
        self._constants: dict[int, int] = {}
        self._width = decider.ports.width
        self._in_a_block = max(_IN_A_BLOCK // (4 * self._width), 1)
        self._blocks: list[Int32] = []
        self._alternatives: Alternatives | None = None
        if decider.numbered is not None:
            self._alternatives = Alternatives(rows, decider.numbered, decider.ports, decider.decisions)

    @property
    def n_bytes(self) -> int:
        """What they take, about."""
        return len(self._numbers) * (4 * self._width + _OF_A_KEY)

    def constant(self, decision: int) -> int:
        if decision not in self._constants:
            self._constants[decision] = self._number(np.full(self._width, decision, dtype=np.int32))
        return self._constants[decision]

    def of_lists(self, nodes: Int64, n_nodes: int, node_of: Int64, isolated_by: tuple[int, ...]) -> Int32:
        """(lists,) int32: the outcome of each list of rows that a peer class matches. nodes, node_of: as from
        ``match_peers``; node_of becomes the number of the list."""
        with_ports, without = self._decider.defaults(isolated_by)
        ports, verdict = self._decider.ports, self._decider.decisions.verdict
        found, places = row_kernels.decide_lists(
            self._rows, nodes, n_nodes, node_of, with_ports, without, ports.slot_starts, ports.other, verdict
        )
        if self._alternatives is not None:
            nobody = np.empty((0, 2), dtype=np.int32)
            lists = Lists(nodes, nobody, with_ports, without, ports.portless, ports.other + 1)
            found = self._alternatives.told(found, lists, places)
        return np.array([self._number(out) for out in found], dtype=np.int32)

    def agreed(self, vectors: np.ndarray, doubt: int) -> int:
        """The first of several vectors, open, for the reason ``doubt``, where another says something else."""
        distinct: list[int] = list(dict.fromkeys(vectors.tolist()))
        if len(distinct) == 1:
            return distinct[0]
        first, *others = map(self._of, distinct)
        out = first.copy()
        verdict, reason = self._decider.decisions.verdict, self._decider.decisions.reason
        if doubt == a.REASON_NO_PORT:
            return self._number(self._doubted(self._whatever_port(first, others), others, doubt))
        for other in others:
            differs = (verdict[other] != verdict[first]) | (reason[other] != reason[first])
            out[differs] = a.UNKNOWN_DECISION + doubt
        return self._number(self._doubted(out, others, doubt))

    def _doubted(self, out: Int32, others: Sequence[Int32], doubt: int) -> Int32:
        """Where what would be decided without a rule is open, as another may decide in its place."""
        if self._alternatives is None:
            return out
        return self._alternatives.doubted(out, np.any([other != out for other in others], axis=0), doubt)

    def _whatever_port(self, first: Int32, others: Sequence[Int32]) -> Int32:
        """As kernels.rows.decide_missing_ports says it of numbers that were not recorded."""
        out, verdict = first.copy(), self._decider.decisions.verdict
        for other in others:
            differs = other != first
            out[differs & (verdict[first] == a.ALLOW)] = a.NO_POLICY
            out[differs & (verdict[first] == a.DENY)] = a.DENY_FOR_SEVERAL_CAUSES
        for other in others:
            is_open = (verdict[other] != verdict[first]) | ((verdict[first] == a.UNKNOWN) & (other != first))
            out[is_open] = a.UNKNOWN_DECISION + a.REASON_NO_PORT
        return out

    def take(self) -> Int32:
        """(outcomes, ports + 3) int32: all of them, for good."""
        matrix = np.empty((len(self._numbers), self._width), dtype=np.int32)
        self._numbers.clear()
        for start in range(0, len(matrix), self._in_a_block):
            block = self._blocks.pop(0)
            matrix[start : start + len(block)] = block[: len(matrix) - start]
        return matrix

    def _of(self, number: int) -> Int32:
        outcome: Int32 = self._blocks[number // self._in_a_block][number % self._in_a_block]
        return outcome

    def _number(self, out: Int32) -> int:
        text = out.tobytes()
        key = text if len(text) <= hashlib.sha256().digest_size else hashlib.sha256(text).digest()
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self._blocks) * self._in_a_block:
            self._blocks.append(np.empty((self._in_a_block, self._width), dtype=np.int32))
        self._of(number)[:] = out
        return number

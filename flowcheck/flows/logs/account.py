"""The account of one log: every record became a row, or was merged, left out or rejected, with a reason."""

from __future__ import annotations

from collections import Counter

FIRST_KEPT = 10
"""Positions of rejected records that are kept for each reason."""


class Account:
    """records = rows + merged + sum(left_out) + sum(rejected).

    ``merged``: records that tell of a connection, or a part of one, that another record's row stands for.
    ``left_out``: records that are no flows, by reason. ``rejected``: flows that cannot be used, by reason;
    ``first`` are the positions of the first of them. A position is the number of a line, or of a record where
    there are no lines, from 0. ``warnings``: what a reader of the results should be told of this log.
    ``unfit``: why no pod can be judged by it, a sentence, empty where they can: it can be converted, not
    audited.
    """

    def __init__(self) -> None:
        self.records = 0
        self.rows = 0
        self.merged = 0
        self.left_out: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.first: dict[str, list[int]] = {}
        self.warnings: list[str] = []
        self.unfit = ""

    def read(self, n: int = 1) -> None:
        self.records += n

    def merge(self, n: int = 1) -> None:
        self.merged += n

    def leave_out(self, reason: str, n: int = 1) -> None:
        self.left_out[reason] += n

    def reject(self, reason: str, position: int) -> None:
        self.rejected[reason] += 1
        first = self.first.setdefault(reason, [])
        if len(first) < FIRST_KEPT:
            first.append(position)

    def warn(self, text: str) -> None:
        """Once, however often it is said."""
        if text not in self.warnings:
            self.warnings.append(text)

    @property
    def balanced(self) -> bool:
        told = self.rows + self.merged + self.left_out.total() + self.rejected.total()
        return self.records == told

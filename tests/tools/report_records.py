"""The fields of reports that are made of arrays, what ``matrix`` and ``query`` write as JSON: for schemas."""

from __future__ import annotations

from typing import Any

import msgspec


class Ports(msgspec.Struct):
    """A protocol, and from its first to its last port where it has numbers; of ICMP type * 256 + code."""

    protocol: str
    first: int | msgspec.UnsetType = msgspec.UNSET
    last: int | msgspec.UnsetType = msgspec.UNSET


class MatrixParty(msgspec.Struct):
    """One end. ``pods``: those that are looked at, ``of_pods`` all of the workload's."""

    name: str
    kind: str
    namespace: str
    pods: int
    of_pods: int


class MatrixAnswer(msgspec.Struct):
    """What is said of some ports. ``verdict``: allow, deny, unknown, or some where pods differ, of which then
    ``among`` are the verdicts; ``reasons``: why any is unknown; ``text``: the ports in words."""

    verdict: str
    among: list[str]
    reasons: list[str]
    text: str
    ports: list[Ports]


class MatrixPair(msgspec.Struct):
    """Who, whom, and the place of what is said of them in ``answers``."""

    src: str
    dst: str
    answer: int


class MatrixReport(msgspec.Struct):
    """What ``matrix -f json`` writes. Pairs of which nothing is said, as two blocks outside, are left out."""

    schema: int
    engine: str
    at: str
    mesh: bool
    left_out: list[str]
    notes: list[str]
    parties: list[MatrixParty]
    answers: list[list[MatrixAnswer]]
    pairs: list[MatrixPair]


class IsolationReport(msgspec.Struct):
    """What ``matrix --isolated -f json`` writes: workloads, by name."""

    schema: int
    nobody_may_reach: list[str]
    may_reach_nobody: list[str]


class MatrixChange(msgspec.Struct):
    """What became of some ports of one pair. ``kind``: reachable, unreachable or changed; ``before`` and
    ``after``: a verdict, some, or absent where only one cluster has both ends."""

    src: str
    dst: str
    kind: str
    before: str
    after: str
    reasons: list[str]
    text: str
    ports: list[Ports]


class DifferenceReport(msgspec.Struct):
    """What ``matrix --against -f json`` writes. ``pairs``: how many were compared; ``counts`` of changes by
    kind; ``new`` and ``gone``: ends that only one of the clusters has."""

    schema: int
    pairs: int
    counts: dict[str, int]
    new: list[str]
    gone: list[str]
    left_out: list[str]
    notes: list[str]
    changes: list[MatrixChange]


class AnswerColumn(msgspec.Struct):
    """``type``: Arrow's word."""

    name: str
    type: str


class AnswerReport(msgspec.Struct):
    """What ``query -f json`` writes. ``rows``: a value for each column, by its name."""

    schema: int
    columns: list[AnswerColumn]
    rows: list[dict[str, Any]]


REPORTS: dict[str, tuple[str, type]] = {
    "matrix": ("`matrix -f json`", MatrixReport),
    "isolation": ("`matrix --isolated -f json`", IsolationReport),
    "difference": ("`matrix --against -f json`", DifferenceReport),
    "answer": ("`query -f json`", AnswerReport),
}

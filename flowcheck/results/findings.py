"""Violating edges -> findings: alike in kind, direction, workloads, port, protocol and policies."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import UInt8
from flowcheck.compile import Program
from flowcheck.model.instants import instant_text
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import PROTOCOL_NAMES
from flowcheck.model.verdict import Observed, Violation
from flowcheck.results.changes import Choices
from flowcheck.results.edges import Edges, combine_verdicts
from flowcheck.results.notes import add_notes
from flowcheck.results.records.findings import Example, Finding

EdgeKey = tuple[int, int, int]
_OBSERVED = tuple(str(observed) for observed in Observed)


class FindingKey(NamedTuple):
    """What a finding is, and what its fingerprint is made of. ``outcome_logged``: the log says what became of
    it."""

    kind: str
    direction: str
    source: str
    destination: str
    port: int | None
    protocol: str
    policies: tuple[str, ...]
    outcome_logged: bool

    @property
    def fingerprint(self) -> str:
        words = tuple(self[:-1]) if self.outcome_logged else tuple(self)
        return hashlib.sha256(repr(words).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def violation_codes(program: Program, edges: Edges) -> UInt8:
    """(edges,) how verdict and observed disagree; that nothing stopped what policies deny is no violation
    where nothing enforces them."""
    codes: UInt8 = a.VIOLATION[combine_verdicts(program, edges), edges.observed]
    codes[expected(program, edges)] = a.NO_VIOLATION
    return codes


def expected(program: Program, edges: Edges) -> np.ndarray:
    """(edges,) bool: denied, not stopped, and nothing is there that would."""
    if program.options.enforced:
        return np.zeros(len(edges.observed), dtype=np.bool_)
    found: np.ndarray = a.VIOLATION[combine_verdicts(program, edges), edges.observed] == a.FORWARDED_DENIED
    found &= program.tables.verdict[edges.mesh] != a.DENY
    return found


def untold(program: Program, codes: UInt8, edges: Edges) -> np.ndarray:
    """(edges,) bool: denied, and the log does not say whether it went through: nothing was observed, or it
    was on its way to the proxy that denies it. codes: as above."""
    verdicts = program.tables.verdict
    by_network = a.VERDICT[verdicts[edges.egress], verdicts[edges.ingress]] == a.DENY
    on_its_way = (edges.observed == a.OBSERVED_FORWARDED) & ~by_network
    unsaid: np.ndarray = (codes == a.FORWARDED_DENIED) & ((edges.observed == a.OBSERVED_UNKNOWN) | on_its_way)
    return unsaid


def deciding(
    program: Program, kind: int, egress: int, ingress: int, mesh: int
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """(direction, policies, their file:line) behind a violation: the denying sides, or both that allow; and
    the mesh, where its policies say the same."""
    wanted = a.DENY if kind == a.FORWARDED_DENIED else a.ALLOW
    sides = {
        name: program.decisions[decision]
        for name, decision in (("egress", egress), ("ingress", ingress), ("mesh", mesh))
        if program.decisions[decision].verdict == wanted
    }
    if "mesh" in sides and not sides["mesh"].policies:
        del sides["mesh"]
    network = [name for name in sides if name != "mesh"]
    directions = ["both"] if len(network) == 2 else network
    direction = " and ".join([*directions, *(["mesh"] if "mesh" in sides else [])])
    made = {
        text: str(source)
        for side in sides.values()
        for text, source in zip(side.policies, side.sources, strict=True)
    }
    return direction, tuple(made), tuple(made.values())


def gather_findings(
    program: Program, edges: Edges, examples: Mapping[EdgeKey, Example], keys: np.ndarray
) -> list[Finding]:
    """Findings: what went through, then what may have, then what was dropped, each the most records first.

    ``examples`` holds the first violating row of each violating edge key.
    """
    members: dict[FindingKey, list[int]] = defaultdict(list)
    sources: dict[FindingKey, tuple[str, ...]] = {}
    for e, key, places in _violations(program, edges):
        members[key].append(e)
        sources[key] = places
    choices, has_bytes = Choices(program.cluster), bool(edges.bytes_.any())
    found: list[Finding] = []
    for key, rows in members.items():
        example = min((examples[_edge_key(keys, e)] for e in rows), key=lambda x: (x.file, x.row))
        described: dict[str, Any] = {"policy_sources": sources[key], "example": example}
        if key.kind == Violation.FORWARDED_DENIED:
            ends = {"egress": key.source, "ingress": key.destination}
            change = choices.to_change(_denied(program, edges, rows[0]), ends)
            mesh = program.decisions[edges.mesh[rows[0]]]
            in_mesh = choices.in_mesh(mesh.policies) if mesh.verdict == a.DENY else ()
            described |= {"change": (*change.policies, *in_mesh), "to_add": change.to_add}
        described["bytes"] = sum(int(edges.bytes_[e]) for e in rows) if has_bytes else None
        found.append(_finding(key, edges, rows, described))
    found.sort(key=lambda one: (one.group, -one.records, one.source, one.destination, one.fingerprint))
    return add_notes(found, program.cluster)


def _denied(program: Program, edges: Edges, e: int) -> dict[Direction, tuple[str, ...]]:
    """What denies an edge, by side."""
    decided = {Direction.EGRESS: edges.egress[e], Direction.INGRESS: edges.ingress[e]}
    sides = {side: program.decisions[number] for side, number in decided.items()}
    return {side: made.policies for side, made in sides.items() if made.verdict == a.DENY}


def _violations(program: Program, edges: Edges) -> Iterator[tuple[int, FindingKey, tuple[str, ...]]]:
    """Every violating edge, what it is a finding of, and where the deciding policies are written."""
    known: dict[tuple[int, int, int, int], tuple[str, tuple[str, ...], tuple[str, ...]]] = {}
    codes = violation_codes(program, edges)
    kinds = tuple(Violation)
    violating = np.flatnonzero(codes)
    ends = (edges.source, edges.destination, edges.port, edges.protocol)
    described = (codes, edges.egress, edges.ingress, edges.mesh, ~untold(program, codes, edges), *ends)
    words = zip(*(column[violating].tolist() for column in described), strict=True)
    for e, (code, egress, ingress, mesh, logged, source, destination, port, protocol) in zip(
        violating.tolist(), words, strict=True
    ):
        decided = (code, egress, ingress, mesh)
        if decided not in known:
            known[decided] = deciding(program, *decided)
        direction, policies, places = known[decided]
        key = FindingKey(
            kind=str(kinds[code]),
            direction=direction,
            source=program.groups[source],
            destination=program.groups[destination],
            port=port if port >= 0 else None,
            protocol=PROTOCOL_NAMES.get(protocol, str(protocol)),
            policies=policies,
            outcome_logged=logged,
        )
        yield e, key, places


def _finding(key: FindingKey, edges: Edges, rows: list[int], described: dict[str, Any]) -> Finding:
    """Plain sums: most findings are of one or two edges, where NumPy costs more than it saves."""
    words = key._asdict()
    del words["outcome_logged"]
    return Finding(
        fingerprint=key.fingerprint,
        **words,
        **described,
        observed=_observed(edges, rows) if key.outcome_logged else str(Observed.UNKNOWN),
        records=sum(int(edges.records[e]) for e in rows),
        flows=sum(int(edges.flows[e]) for e in rows),
        first_seen=instant_text(min(int(edges.first_seen[e]) for e in rows)),
        last_seen=instant_text(max(int(edges.last_seen[e]) for e in rows)),
    )


def _observed(edges: Edges, rows: list[int]) -> str:
    """Where it is told; what only went on to a proxy is not."""
    return ", ".join(sorted({_OBSERVED[edges.observed[e]] for e in rows}))


def _edge_key(keys: np.ndarray, edge: int) -> EdgeKey:
    return int(keys[edge, 0]), int(keys[edge, 1]), int(keys[edge, 2])

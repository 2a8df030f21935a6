"""Which edges violate policies, and what says so."""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.results.edges import Edges, combine_verdicts


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
    """(edges,) bool: denied, and the log does not say whether it went through. codes: as above."""
    return _unsaid(program, codes, edges.egress, edges.ingress, edges.observed)


def groups(program: Program, judged: Judged, observed: UInt8) -> Int64:
    """(n,) the group of the finding that each violating row belongs to. observed (n,)."""
    unsaid = _unsaid(program, judged.violation, judged.egress, judged.ingress, observed)
    return np.where(judged.violation == a.DROPPED_ALLOWED, 2, unsaid).astype(np.int64)


def _unsaid(
    program: Program, codes: UInt8, egress: Int32 | Int64, ingress: Int32 | Int64, observed: UInt8 | Int64
) -> np.ndarray:
    """(n,) bool: denied, and nothing was observed, or it was on its way to the proxy that denies it."""
    verdicts = program.tables.verdict
    by_network = a.VERDICT[verdicts[egress], verdicts[ingress]] == a.DENY
    on_its_way = (observed == a.OBSERVED_FORWARDED) & ~by_network
    unsaid: np.ndarray = (codes == a.FORWARDED_DENIED) & ((observed == a.OBSERVED_UNKNOWN) | on_its_way)
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

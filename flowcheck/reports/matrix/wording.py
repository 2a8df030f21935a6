"""What the reports of a matrix say in words. Names come out raw: each report escapes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flowcheck.counted import counted
from flowcheck.reach.matrix import Matrix, PortAnswer
from flowcheck.reach.parties import Party


def headline(matrix: Matrix) -> str:
    """How many pairs may talk."""
    open_, whole = matrix.n_open, matrix.n_pairs
    return f"{open_:,} of {counted(whole, 'pair')} may talk by some port"


def who(parties: Iterable[Party]) -> str:
    """What the rows or columns are."""
    kinds = [party.kind for party in parties]
    workloads, blocks = kinds.count("workload"), kinds.count("block")
    texts = [counted(workloads, "workload")] if workloads else []
    texts += [counted(blocks, "block") + " outside"] if blocks else []
    return ", ".join(texts + ["all nodes"] * kinds.count("nodes")) or "nobody"


def name_of(party: Party) -> str:
    """Its name, and how many of its pods are meant where that is not all."""
    if party.kind != "workload" or party.pods == party.of_pods:
        return party.name
    return f"{party.name} ({party.pods} of {counted(party.of_pods, 'pod')})"


def open_ports(answers: Sequence[PortAnswer]) -> str:
    """What may be reached, or perhaps, in one line; empty where all is denied."""
    return "; ".join(_told(one) for one in answers if one.verdict != "deny")


def _told(answer: PortAnswer) -> str:
    if answer.verdict == "allow":
        return answer.ports
    why = f" ({', '.join(answer.reasons)})" if answer.reasons else ""
    if answer.verdict == "some":
        return f"pods differ{why}: {answer.ports}"
    return f"unknown{why}: {answer.ports}"


def remarks(matrix: Matrix) -> Iterator[str]:
    """What stands beside the answer: by whom it is enforced, what was left out."""
    if matrix.engine:
        yield f"by {matrix.engine}"
    if matrix.at:
        yield f"at {matrix.at}"
    if matrix.mesh:
        yield "the mesh's policies are asked too: --mesh off leaves them out"
    yield from matrix.notes
    if matrix.left_out:
        documents = counted(len(matrix.left_out), "document")
        yield f"INCOMPLETE: with {documents} that could not be read the answer may be another"

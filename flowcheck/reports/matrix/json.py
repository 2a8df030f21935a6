"""A matrix as one JSON object: ``schema``, ``parties``, the distinct ``answers``, and ``pairs``, each with
the number of its answer. Pairs of which nothing is said, as two blocks outside, are not among them.

ASCII only, and safe to put into a web page.
"""

from __future__ import annotations

from typing import Any, TextIO

from flowcheck.reach.matrix import Matrix, PortAnswer
from flowcheck.reach.parties import Party
from flowcheck.reports.parts.stretches import plain
from flowcheck.results.records import SCHEMA
from flowcheck.writing import json_text


def render(matrix: Matrix, stream: TextIO) -> None:
    """Write the whole matrix."""
    head: dict[str, Any] = {
        "schema": SCHEMA,
        "engine": matrix.engine,
        "at": matrix.at,
        "mesh": matrix.mesh,
        "left_out": list(matrix.left_out),
        "notes": list(matrix.notes),
        "parties": [_party(one) for one in dict.fromkeys((*matrix.sources, *matrix.destinations))],
        "answers": [[_answer(one) for one in answer] for answer in matrix.answers],
    }
    stream.write(json_text(head, indent=2).removesuffix("\n}") + ',\n  "pairs": [')
    columns = [json_text(one.name) for one in matrix.destinations]
    between = ""
    for source, row in zip(matrix.sources, matrix.cells.tolist(), strict=True):
        src = json_text(source.name)
        pairs = ",".join(
            f'\n    {{"src": {src}, "dst": {dst}, "answer": {answer}}}'
            for dst, answer in zip(columns, row, strict=True)
            if answer
        )
        if pairs:
            stream.write(between + pairs)
            between = ","
    stream.write("\n  ]\n}\n")


def _party(party: Party) -> dict[str, Any]:
    return {
        "name": party.name,
        "kind": party.kind,
        "namespace": party.namespace,
        "pods": party.pods,
        "of_pods": party.of_pods,
    }


def _answer(answer: PortAnswer) -> dict[str, Any]:
    return {
        "verdict": answer.verdict,
        "among": list(answer.among),
        "reasons": list(answer.reasons),
        "text": answer.ports,
        "ports": plain(answer.stretches),
    }

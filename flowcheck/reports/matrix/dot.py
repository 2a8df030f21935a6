"""A matrix as a Graphviz graph: an edge for each pair that may talk, with the ports; namespaces are boxes.

Dashed: unknown, or pods differ. Names are written as quoted strings in which nothing is interpreted.
"""

from __future__ import annotations

from typing import TextIO

from flowcheck.reach.matrix import Matrix
from flowcheck.reach.parties import Party
from flowcheck.reports.matrix.wording import name_of, open_ports
from flowcheck.reports.parts.escape import escape


def render(matrix: Matrix, stream: TextIO) -> None:
    """Write the graph; ``dot -Tsvg`` draws it."""
    parties = [*dict.fromkeys((*matrix.sources, *matrix.destinations))]
    numbers = {party.name: f"n{number}" for number, party in enumerate(parties)}
    stream.write("digraph reachability {\n  rankdir=LR;\n  node [shape=box];\n")
    spaces = dict.fromkeys(party.namespace for party in parties)
    for place, space in enumerate(spaces):
        nodes = [_node(numbers[one.name], one) for one in parties if one.namespace == space]
        if space:
            nodes = [
                f"subgraph cluster_{place} {{",
                f"  label={_quoted(space)};",
                *(f"  {one}" for one in nodes),
                "}",
            ]
        stream.writelines(f"  {line}\n" for line in nodes)
    for pair in matrix.open_pairs():
        answers = matrix.answers[pair.answer]
        sure = all(one.verdict in ("allow", "deny") for one in answers)
        style = "" if sure else ", style=dashed"
        ends = f"{numbers[pair.source.name]} -> {numbers[pair.destination.name]}"
        stream.write(f"  {ends} [label={_quoted(open_ports(answers))}{style}];\n")
    stream.write("}\n")


def _node(number: str, party: Party) -> str:
    shape = "" if party.kind == "workload" else ", shape=ellipse"
    return f"{number} [label={_quoted(name_of(party))}{shape}];"


def _quoted(text: str) -> str:
    """Source: graphviz.org, the DOT language: in double quotes only these are special."""
    safe = escape(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'

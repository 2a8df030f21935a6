"""A matrix as a Mermaid flowchart, for Markdown pages: an edge for each pair that may talk, with the ports.

Dotted: unknown, or pods differ. Every character of a name that Mermaid or HTML may take for something is
written as an entity.
"""

from __future__ import annotations

import re
from typing import TextIO

from flowcheck.reach.matrix import Matrix
from flowcheck.reports.matrix.wording import name_of, open_ports
from flowcheck.reports.parts.escape import escape

_PLAIN = re.compile(r"[^A-Za-z0-9 ./_,()-]")


def render(matrix: Matrix, stream: TextIO) -> None:
    """Write the chart, without the fence around it."""
    parties = [*dict.fromkeys((*matrix.sources, *matrix.destinations))]
    numbers = {party.name: f"n{number}" for number, party in enumerate(parties)}
    stream.write("flowchart LR\n")
    stream.writelines(f"  {numbers[party.name]}[{_quoted(name_of(party))}]\n" for party in parties)
    for pair in matrix.open_pairs():
        answers = matrix.answers[pair.answer]
        sure = all(one.verdict in ("allow", "deny") for one in answers)
        arrow = "-->" if sure else "-.->"
        ends = numbers[pair.source.name], numbers[pair.destination.name]
        stream.write(f"  {ends[0]} {arrow}|{_quoted(open_ports(answers))}| {ends[1]}\n")


def _quoted(text: str) -> str:
    """Source: mermaid.js.org, Flowcharts, entity codes to escape characters."""
    return '"' + _PLAIN.sub(lambda found: f"#{ord(found[0])};", escape(text)) + '"'

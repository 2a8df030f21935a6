"""What changed between two clusters, for a person at a terminal: what became reachable comes first."""

from __future__ import annotations

from typing import TextIO

from flowcheck.counted import counted
from flowcheck.reach.compared import CHANGED, REACHABLE, UNREACHABLE, Change, Difference
from flowcheck.reports.parts.console import pairs, paragraph, report_console, section

MOST_CHANGES = 200
TITLES = {
    REACHABLE: "Became reachable",
    UNREACHABLE: "Became unreachable",
    CHANGED: "Otherwise changed",
}


def render(
    found: Difference,
    stream: TextIO,
    *,
    color: str = "auto",
    width: int | None = None,
    most: int = MOST_CHANGES,
) -> None:
    """Write the first so many changes of each kind. ``color`` is auto, always or never; ``width`` is the
    terminal's unless given."""
    with report_console(stream, color, width, default=100, widest=140) as console:
        counts = ", ".join(f"{len(found.of(kind)):,} {title.lower()}" for kind, title in TITLES.items())
        paragraph(console, f"flowcheck matrix: {counts}", "bold")
        paragraph(console, f"  of {counted(found.n_pairs, 'pair')}, by their ports")
        for word, names in (("new", found.new), ("gone", found.gone)):
            if names:
                paragraph(console, f"  {word}: {', '.join(names)}")
        for note in found.notes:
            paragraph(console, f"  {note}")
        if found.left_out:
            documents = counted(len(found.left_out), "document")
            paragraph(console, f"  INCOMPLETE: with {documents} that could not be read this may be otherwise")
        for kind, title in TITLES.items():
            if changes := found.of(kind):
                section(console, title)
                pairs(console, [(f"{one.source} -> {one.destination}", _told(one)) for one in changes[:most]])
            if len(changes) > most:
                paragraph(console, f"  and {counted(len(changes) - most, 'more')} in -f csv")


def _told(change: Change) -> str:
    why = f" ({', '.join(change.reasons)})" if change.reasons else ""
    return f"{change.ports}: {change.before} -> {change.after}{why}"

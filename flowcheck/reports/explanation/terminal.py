"""An explanation for a person at a terminal: the answer, then each side rule by rule, then what to change.

Reads well at 80 columns and without colour. Names are escaped and never taken for rich's markup; YAML is
printed line by line as it is to be pasted. Whatever is said here stands in the record.
"""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.text import Text

from flowcheck.counted import counted, listed
from flowcheck.explaining.records import (
    LATEST,
    Case,
    Change,
    EndAnswer,
    Explanation,
    MeshAnswer,
    SideAnswer,
)
from flowcheck.explaining.words import PLANES, WAYPOINT
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.reports.explanation.sides import MOST_NAMES, paragraph, side_body, side_title, verdict_text
from flowcheck.reports.parts.console import report_console
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.gaps import left_out

STYLES = {"allow": "bold green", "deny": "bold red", "unknown": "bold yellow"}


def render(
    explanation: Explanation, stream: TextIO, *, color: str = "auto", width: int | None = None
) -> None:
    """Write the explanation. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    with report_console(stream, color, width, default=100, widest=120) as console:
        _answer(console, explanation)
        for number, case in enumerate(explanation.cases, 1):
            _case(console, explanation, case, number)
        if explanation.change is not None:
            _change(console, explanation.change)


def _answer(console: Console, answer: Explanation) -> None:
    asked = answer.protocol if answer.port is None else f"{answer.port}/{answer.protocol}"
    if answer.source_port is not None:
        asked += f" from port {answer.source_port}"
    verdict = verdict_text(answer.verdict, answer.reason)
    paragraph(
        console,
        f"{verdict}  {answer.src.name} -> {answer.dst.name}, {asked}",
        style=STYLES.get(answer.verdict),
    )
    paragraph(console, answer.why)
    if answer.settle:
        paragraph(console, f"To settle it: {answer.settle}")
    if answer.left_out:
        documents = counted(len(answer.left_out), "document")
        paragraph(console, f"INCOMPLETE: with {documents} that could not be read the answer may be another.")
    for doubt in answer.perhaps_in_force:
        paragraph(console, f"INCOMPLETE: {doubt}")
    for sentence in left_out(answer.left_out):
        paragraph(console, sentence, indent=2, hang=2)
    console.print()
    for label, end in (("from", answer.src), ("to", answer.dst)):
        _end(console, label, end)
    at = "the latest moment that is known of" if answer.at == LATEST else answer.at
    for label, text in (("by", answer.engine), ("at", at), ("names", answer.names)):
        if text:
            paragraph(console, f"{label:<5} {text}", hang=6)


def _end(console: Console, label: str, end: EndAnswer) -> None:
    addresses = f" ({', '.join(end.addresses)})" if end.kind in ("pod", "node") and end.addresses else ""
    name = "" if end.given == end.name else f"{end.name}{addresses}: "
    paragraph(console, f"{label:<5} {name or f'{end.name}{addresses}: '}{end.text}", hang=6)
    for note in end.notes:
        paragraph(console, note, indent=6)


def _case(console: Console, answer: Explanation, case: Case, number: int) -> None:
    console.print()
    if len(answer.cases) > 1:
        ends = f"{listed(case.sources, MOST_NAMES)} -> {listed(case.destinations, MOST_NAMES)}"
        port = f", {case.port}/{answer.protocol}" if case.port is not None else ""
        title = (
            f"Case {number} of {len(answer.cases)}, {verdict_text(case.verdict, case.reason)}: {ends}{port}"
        )
        paragraph(console, title, style="bold", hang=2)
        console.print()
    _side(console, "Egress, asked at the source", case.egress, _like(answer, number, "egress"))
    console.print()
    _side(console, "Ingress, asked at the destination", case.ingress, _like(answer, number, "ingress"))
    if case.mesh is not None:
        console.print()
        _mesh(console, case.mesh, answer.port, _like(answer, number, "mesh"))


def _mesh(console: Console, mesh: MeshAnswer, port: int | None, like: int) -> None:
    """The third layer: what stands before the destination, and for what it takes the client."""
    side_title(console, "Mesh, asked before the destination", mesh, like)
    if like:
        return
    tunnelled = mesh.plane == "ambient" and any(one.startswith("spiffe:") for one in mesh.clients)
    wire = (f"{HBONE_PORT}/TCP",) if tunnelled and port != HBONE_PORT else ()
    told = (
        ("data plane", (PLANES.get(mesh.plane) or (WAYPOINT if mesh.plane else ""),), mesh.plane_because),
        ("identity", mesh.clients, mesh.clients_because),
        ("on the wire", wire, f"network policies see a tunnel: --port {HBONE_PORT} asks them of it"),
        ("taken for", tuple(one.upper() for one in mesh.carried), mesh.carried_because),
    )
    for label, values, because in told:
        if any(values):
            why = f" ({because})" if because else ""
            paragraph(console, f"{label:<11} {' or '.join(values)}{why}", indent=2, hang=12)
    side_body(console, mesh)


def _like(answer: Explanation, number: int, direction: str) -> int:
    """The number of an earlier case with the same answer on this side; 0 for none."""

    def said(case: Case) -> tuple[object, ...]:
        side: SideAnswer = getattr(case, direction)
        if isinstance(side, MeshAnswer):
            return (side.verdict, side.reason, side.why, side.tiers, side.plane, side.clients, side.carried)
        return (side.verdict, side.reason, side.why, side.tiers)

    wanted = said(answer.cases[number - 1])
    return next((n for n, case in enumerate(answer.cases[: number - 1], 1) if said(case) == wanted), 0)


def _side(console: Console, title: str, side: SideAnswer, like: int) -> None:
    side_title(console, title, side, like)
    if not like:
        side_body(console, side)


def _change(console: Console, change: Change) -> None:
    console.print()
    if change.edits:
        title = "What would allow it" if change.sufficient else "What would allow it in part"
    else:
        title = "What would allow it: no added rule can"
    paragraph(console, title, style="bold")
    for note in change.notes:
        paragraph(console, f"- {note}", indent=2, hang=2)
    for edit in change.edits:
        paragraph(console, f"- {edit.text}:", indent=2, hang=2)
        console.print()
        for line in edit.yaml.splitlines():
            console.print(Text("      " + escape(line)), soft_wrap=True)
        console.print()

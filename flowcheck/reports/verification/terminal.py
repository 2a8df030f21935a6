"""What was found of a result for a person at a terminal: whether it holds, then what does not, file by file.

Everything that is quoted comes from the folder, and is escaped.
"""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.text import Text

from flowcheck.counted import counted, listed
from flowcheck.reports.parts.console import pairs, paragraph, report_console
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.units import size
from flowcheck.results.records.verification import InputsAgain, Mismatch, Value, Verification

MOST_SHOWN = 20
MOST_NAMES = 3


def render(
    verification: Verification, stream: TextIO, *, color: str = "auto", width: int | None = None
) -> None:
    """Write the report. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    with report_console(stream, color, width, default=100, widest=120) as console:
        _answer(console, verification)
        console.print()
        pairs(console, [*_looked_at(verification)])
        if verification.differences:
            console.print()
            _differences(console, verification.differences)


def _answer(console: Console, verification: Verification) -> None:
    if verification.holds:
        text, style = f"{verification.folder} is what an audit wrote", "bold green"
    else:
        found = counted(len(verification.differences), "difference")
        text, style = f"{found} in {verification.folder}, which is not what an audit wrote", "bold red"
    console.print(Text(f"flowcheck verify: {escape(text)}", style=style), soft_wrap=True)


def _looked_at(verification: Verification) -> list[tuple[str, str]]:
    numbers = (
        (verification.rows, "row accounted for", "rows accounted for"),
        (verification.edges, "edge", "edges"),
        (verification.violations, "record in violation", "records in violation"),
        (verification.findings, "finding", "findings"),
    )
    said = [counted(number, one, many) for number, one, many in numbers if number is not None]
    files = f"{counted(verification.files, 'file')}, {size(verification.bytes)}"
    return [("files", files), ("say", ", ".join(said) or "nothing that can be read"), _inputs(verification)]


def _inputs(verification: Verification) -> tuple[str, str]:
    inputs = verification.inputs
    if inputs is None:
        return "inputs", "not looked at (--inputs)"
    text = f"{counted(inputs.files, 'file')} read again, {size(inputs.bytes)}"
    return "inputs", text + _unchecked(inputs)


def _unchecked(inputs: InputsAgain) -> str:
    """What the ledger has no hash of, or what is in a store: nothing can be said of it."""
    n_unknown = len(inputs.not_checked)
    if not n_unknown:
        return ""
    why = "no hash is known, or they lie in a store"
    return f"; {n_unknown:,} not looked at, as {why}: {listed(inputs.not_checked, MOST_NAMES)}"


def _differences(console: Console, differences: tuple[Mismatch, ...]) -> None:
    for one in differences[:MOST_SHOWN]:
        line = Text(f"  {escape(one.file)}", style="bold")
        line.append(f"  {escape(one.what)}: ", style="not bold")
        line.append(f"{_shown(one.expected)} expected, {_shown(one.found)} found", style="not bold")
        console.print(line, soft_wrap=True)
    rest = len(differences) - MOST_SHOWN
    if rest > 0:
        paragraph(console, f"  and {counted(rest, 'more difference')} (-f json has all)")


def _shown(value: Value) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))

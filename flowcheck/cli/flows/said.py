"""What an audit says on standard error, beside its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowcheck.cli.words.messages import Messages
from flowcheck.counted import counted

if TYPE_CHECKING:
    from flowcheck.results.audit import AuditResult
    from flowcheck.results.records.ledger import FileEntry, Ledger, Totals
    from flowcheck.results.records.summary import Resumed


def say(result: AuditResult, speech: Messages, *, asked_to_resume: bool) -> None:
    """Warnings and the reasons of an incomplete run, on standard error, whatever the report shows."""
    from flowcheck.reports.audit.known import idle

    summary = result.summary
    speech.of_cluster(summary.cluster.warnings, summary.cluster.refused)
    say_of_files(result.ledger, speech)
    for reason in summary.incomplete_because:
        speech.warning(f"incomplete: {reason}")
    if summary.gate is not None:
        speech.warnings([text for _, text in idle(summary.gate)])
    if asked_to_resume:
        speech.say(resumed(summary.resumed, summary.totals))
    if result.out is not None:
        speech.note(f"results are in {result.out}")


def say_of_files(ledger: Ledger, speech: Messages) -> None:
    """Warnings of files, and what logs were taken for."""
    speech.warnings([f"{file.file}: {warning}" for file in ledger.files for warning in file.warnings])
    for sentence in _read_as(ledger):
        speech.say(sentence)


def _read_as(ledger: Ledger) -> list[str]:
    """What logs were taken for, and why: once for each format."""
    found: dict[str, list[FileEntry]] = {}
    for file in ledger.files:
        if file.format_because:
            found.setdefault(file.format, []).append(file)
    sentences = []
    for name, files in found.items():
        others = f" and {counted(len(files) - 1, 'other file')}" if len(files) > 1 else ""
        sentences.append(f"{files[0].file}{others}: read as {name}, because {files[0].format_because}")
    return sentences


def resumed(done: Resumed | None, totals: Totals) -> str:
    """What --resume saved."""
    files = counted(totals.files_seen, "file")
    if done is None:
        return f"there was nothing to resume: all of {files} judged now"
    rows = counted(done.rows, "row")
    return f"resumed: {done.files:,} of {files} ({rows}) had been judged before, the rest now"

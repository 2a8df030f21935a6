"""What the commands say on standard error: errors, warnings and notes, as text or one JSON object a line.

Results never pass through here. Everything is escaped: a message may quote a name from the input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowcheck.counted import counted
from flowcheck.errors import MOST_PROBLEMS, FlowcheckError
from flowcheck.reports.parts.escape import escape

MOST_WARNINGS = 20
"""Warnings shown in full before "and N more"; -v shows all of them."""


@dataclass(slots=True)
class Messages:
    """``verbosity`` is -1 for -q, 0, or the number of -v."""

    verbosity: int = 0
    as_json: bool = False

    def error(self, error: FlowcheckError) -> None:
        """An error with its place, its remedy, and a line for each of its problems, or of the first few."""
        if self.verbosity > 0 or len(error.problems) <= MOST_PROBLEMS:
            self.failure(*error.lines(len(error.problems)))
        else:
            *told, rest = error.lines(MOST_PROBLEMS)
            self.failure(*told, f"{rest} (-v shows all)")

    def failure(self, *lines: str) -> None:
        """An error in so many lines; only flowcheck breaks lines, never a name it quotes."""
        self._write("error", *lines)

    def warning(self, text: str) -> None:
        if self.verbosity >= 0:
            self._write("warning", text)

    def warnings(self, texts: Sequence[str]) -> None:
        """Several warnings, the first few in full."""
        shown = len(texts) if self.verbosity > 0 else MOST_WARNINGS
        for text in texts[:shown]:
            self.warning(text)
        if len(texts) > shown:
            self.warning(f"and {counted(len(texts) - shown, 'more warning')} (-v shows all)")

    def of_cluster(self, warnings: Iterable[str], refused: Iterable[object]) -> None:
        """What was odd about a cluster, and which documents were left out of it."""
        self.warnings([*warnings])
        self.warnings([f"left out: {one}" for one in refused])

    def say(self, text: str) -> None:
        """What everybody should see who did not ask for quiet."""
        if self.verbosity >= 0:
            self._write("info", text)

    def note(self, text: str) -> None:
        """Something worth knowing only to those who asked with -v."""
        if self.verbosity > 0:
            self._write("note", text)

    def _write(self, level: str, *lines: str) -> None:
        if sys.stderr is None:
            return
        if self.as_json:
            text = json.dumps({"level": level, "message": "\n".join(lines)})
        else:
            text = f"{level}: " + "\n  ".join(escape(line) for line in lines)
        encoding = sys.stderr.encoding or "utf-8"
        try:
            sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            sys.stderr.flush()
        except OSError:
            return

"""The exit codes, one meaning each, and which of them a finished audit ends with."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowcheck.results.records.summary import Summary


class Exit(IntEnum):
    CLEAN = 0
    VIOLATIONS = 1
    USAGE = 2
    INCOMPLETE = 3
    OUTPUT = 4
    INTERNAL = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    QUIT = 131
    PIPE_CLOSED = 141
    TERMINATED = 143


def exit_code(summary: Summary, fail_on: str, exit_zero: bool) -> Exit:
    """Incomplete beats violations: a run that could not look at everything never ends as a complete one.

    ``--exit-zero`` silences what was found, never what was not looked at; nor does what is known or ignored.
    """
    if not summary.complete:
        return Exit.INCOMPLETE
    found = fail_on != "none" and summary.failing > 0
    unresolved = fail_on == "unresolved" and summary.verdicts.unknown > 0
    return Exit.VIOLATIONS if (found or unresolved) and not exit_zero else Exit.CLEAN

"""Every error flowcheck raises on purpose, and nothing else.

An error is a message, a place (``where``) and a remedy (``hint``). Errors that were collected
before complaining carry their ``problems``. Only ``cli/main.py`` turns them into exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_PROBLEMS = 20
"""Problems told in full; of more the rest is counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: what, where (``file:line``, field path), what to do about it."""

    message: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text


class FlowcheckError(Exception):
    """The base of all of them. ``exit_code`` is the command's exit code when nothing else was decided.

    As text it tells its first MOST_PROBLEMS problems and how many more there are; ``problems`` has all.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n  ".join(self.lines(MOST_PROBLEMS))

    def lines(self, most: int) -> list[str]:
        """The error, up to ``most`` of its problems, and the number of the others where there are any."""
        told = [str(Problem(self.message, self.where, self.hint)), *map(str, self.problems[:most])]
        rest = len(self.problems) - most
        return [*told, f"and {rest:,} more"] if rest > 0 else told


class ManifestError(FlowcheckError):
    """A manifest could not be read or is not what its kind says; nothing was judged."""


class PolicyError(ManifestError):
    """A policy is one that the API server would refuse; nothing was judged."""


class FlowFormatError(FlowcheckError):
    """A flow file or table is not in a format flowcheck reads."""

    exit_code = 3


class CompileError(FlowcheckError):
    """The cluster and its policies cannot be compiled, for example because a table would not fit."""


class RunError(FlowcheckError):
    """The run could not be started or continued: no input, a locked output folder."""


class OutputError(FlowcheckError):
    """An output could not be written; what stood there before is untouched."""

    exit_code = 4

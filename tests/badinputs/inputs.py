"""What a bad input is: how it is made, the command that meets it, and how that must end.

Everything is made anew, from a seed, in an empty folder. In words of a command stand ``{here}`` for that
folder, ``{cluster}`` and ``{flows}`` for good ones, ``{out}`` for a place to write to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import yaml

Make = Callable[[Path], object]


class BadInput(NamedTuple):
    """``said``: a regular expression for the first line of what went wrong, in which the folder is HERE."""

    name: str
    make: Make
    command: tuple[str, ...]
    code: int
    said: str


GOOD = ("--cluster", "{cluster}")
AUDIT = ("audit", "{here}", *GOOD, "--jobs", "1", "--color", "never")
_BESIDE = ("--cluster", "{cluster}", "--cluster", "{here}")
MANIFEST_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("audit", "{flows}", *_BESIDE, "--jobs", "1"),
    ("load", "{flows}", *_BESIDE, "--jobs", "1"),
    ("explain", *_BESIDE, "--from", "shop/web", "--to", "shop/db", "--port", "5432"),
    ("inventory", "{cluster}", "{here}", "-o", "{out}"),
    ("audit", "{flows}", *GOOD, "--policies", "{here}", "--jobs", "1"),
)
"""Each of them reads manifests; which one meets a manifest goes round."""


def files(content: dict[str, str | bytes]) -> Make:
    """Write files by their names; folders in these are made."""

    def make(here: Path) -> None:
        for name, text in content.items():
            path = here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return make


def manifests(rows: Iterable[tuple[str, str, str | bytes, str]]) -> list[BadInput]:
    """(name, file name, its text, what is said) -> inputs that end with 2, each met by the next command."""
    return [
        BadInput(name, files({file: text}), MANIFEST_COMMANDS[number % len(MANIFEST_COMMANDS)], 2, said)
        for number, (name, file, text, said) in enumerate(rows)
    ]


def as_text(file: str, value: Any) -> str:
    """An object as the text of a file, in YAML or JSON."""
    if file.endswith(".json"):
        return json.dumps(value, indent=1)
    return yaml.safe_dump(value, sort_keys=False)


_COUNT = re.compile(
    r"error: (\d[\d,]* problems? in the manifests|HERE\S+ (is no DNS map|the mapping cannot be used))"
)
_NO_FAULT = re.compile(r": read as |^info: resumed|^info: [a-z]+: ")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def told(done: CompletedProcess[str], here: Path) -> list[str]:
    """The lines of both streams, the folder written as HERE, without indents."""
    text = (done.stderr + "\n" + done.stdout).replace(str(here), "HERE")
    return [line.strip() for line in text.splitlines() if line.strip()]


def first_fault(done: CompletedProcess[str], here: Path) -> str:
    """The first line that names a fault: an error, what stands below a count of problems, or something of the
    folder's files."""
    counted = False
    for line in told(done, here):
        if _COUNT.fullmatch(line):
            counted = True
        elif counted or line.startswith("error: ") or ("HERE" in line and not _NO_FAULT.search(line)):
            return line
    return ""


def misbehaviour(done: CompletedProcess[str]) -> str:
    """What no output may have: a traceback, a bug told as such, a control character."""
    both = done.stderr + done.stdout
    for sign in ("Traceback (most recent call last)", "internal error"):
        if sign in both:
            return sign
    control = _CONTROL.search(both)
    return f"control character {control[0]!r}" if control else ""

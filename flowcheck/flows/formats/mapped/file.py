"""A mapping's file -> its text, checked before a log is read: a worker would say of each log that the mapping
cannot be used, and not why."""

from __future__ import annotations

import os
from pathlib import Path

from flowcheck.errors import FlowFormatError, RunError
from flowcheck.flows.formats.mapped.rules.written import MOST_TEXT, mapping_of
from flowcheck.opening import read_text


def mapping_text(path: str | Path) -> str:
    """What :func:`mapping_of` takes.

    **Raises**: RunError with all that is wrong with it; OSError where it cannot be read.
    """
    text = read_text(path, MOST_TEXT)
    try:
        mapping_of(text)
    except FlowFormatError as error:
        place = f"{os.fspath(path)}: {error.where}" if error.where else os.fspath(path)
        raise RunError(error.message, where=place, hint=error.hint, problems=error.problems) from error
    return text

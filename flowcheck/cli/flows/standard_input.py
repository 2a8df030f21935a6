"""Flows from standard input: put into a file first, as workers read a file, and some read it twice."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from flowcheck.temporary import temporary_folder
from flowcheck.writing import output_errors

if TYPE_CHECKING:
    from flowcheck.flows.files.inputs import Given
    from flowcheck.stores.uri import StorePath

STANDARD_INPUT = "-"


@contextmanager
def with_standard_input(paths: Sequence[str | StorePath]) -> Iterator[list[Given]]:
    """The paths, a file in the place of ``-``, which goes when this ends.

    **Raises**: UsageError where it is named twice; OutputError where there is no room for it.
    """
    if STANDARD_INPUT not in paths:
        yield list(paths)
        return
    if paths.count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input can be read only once")
    from flowcheck.flows.files.inputs import FileIdentity, InputFile

    with temporary_folder() as folder:
        path = folder / "standard-input"
        with output_errors(folder, temporary=True), path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        spooled = InputFile(str(path), FileIdentity.of(os.stat(path)), label="standard input")
        yield [spooled if path == STANDARD_INPUT else path for path in paths]

"""Programs of clusters that were audited before, kept beside the compiled kernels: they only make things
faster.

An entry is named by the SHA-256 of all that it was made from and preceded by that of what it holds; one that
does not match, does not load, or is not only this user's to write to, is made anew. The folder is guarded as
that of the kernels is.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from flowcheck.kernels.cached.folder import cache_directory, is_read_only, open_own
from flowcheck.runners.program.classes import layout
from flowcheck.runners.program.stored import Stored, write_sections

FOLDER = "programs"
MOST_KEPT = 8
"""Entries; the one that was used longest ago goes first."""


def cache_path(cluster: str, judged_by: tuple[object, ...], *, load: bool) -> Path | None:
    """Where the program of a cluster with this digest stands or would stand, made as is asked; None where
    nothing may be kept."""
    folder = cache_directory()
    if folder is None:
        return None
    programs = folder / FOLDER
    with suppress(OSError):
        programs.mkdir(mode=0o700, exist_ok=True)
        if is_read_only(programs):
            return None
        return programs / hashlib.sha256(repr((cluster, judged_by, load, layout())).encode()).hexdigest()
    return None


def find(path: Path) -> Stored | None:
    """What is kept there, unharmed."""
    try:
        with open_own(path) as file:
            stored = Stored(file.fileno(), check=True)
            os.utime(file.fileno())
    except FileNotFoundError:
        return None
    except Exception:  # whatever is wrong with an entry, the remedy is the same
        warnings.warn("a damaged entry of the program cache was made anew", stacklevel=2)
        with suppress(OSError):
            path.unlink()
        return None
    return stored


def keep(path: Path, sections: Mapping[str, object]) -> None:
    """Keep it, whole or not at all; an audit does not fail for want of room."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        os.close(handle)
        try:
            with open(temporary, "wb") as file:
                write_sections(file, sections)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        _tidy(path.parent)
    except OSError as error:
        warnings.warn(f"a program could not be cached: {error.strerror}", stacklevel=2)


def _tidy(folder: Path) -> None:
    used = sorted(folder.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in used[MOST_KEPT:]:
        entry.unlink(missing_ok=True)

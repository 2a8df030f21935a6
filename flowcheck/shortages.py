"""What a machine may be short of, in words, and what to do about it: no bug, and no fault of an input."""

from __future__ import annotations

import errno

from flowcheck.errors import RunError

_MEMORY = ("there is not enough memory", "use fewer workers (--jobs 1), or give it more memory")
_WORDS = {
    errno.EMFILE: (
        "too many files are open in this process",
        "allow it more (ulimit -n 1024), or use fewer workers (--jobs 1)",
    ),
    errno.ENFILE: (
        "too many files are open on this machine",
        "close some, or raise fs.file-max; use fewer workers (--jobs 1)",
    ),
    errno.EAGAIN: (
        "there may be no more processes or threads",
        "allow more (ulimit -u, or the pod's limit of processes), or use fewer workers (--jobs 1)",
    ),
    errno.ENOMEM: _MEMORY,
}
_THREAD = "can't start new thread"
_NOT_LOADED = "failed to map segment", "annot allocate memory"
"""What the loader says of a library that there is no room for."""


def shortage_of(error: BaseException) -> tuple[str, str] | None:
    """What was missing, and what to do, where that is what an error tells."""
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, RuntimeError) and _THREAD in str(error):
        return _WORDS[errno.EAGAIN]
    if isinstance(error, ImportError | OSError) and any(words in str(error) for words in _NOT_LOADED):
        return _MEMORY
    if isinstance(error, OSError) and error.errno is None and error.__context__ is not None:
        return shortage_of(error.__context__)  # of a library that wraps what the loader says
    return _WORDS.get(error.errno or 0) if isinstance(error, OSError) else None


def shortage_error(error: BaseException, doing: str) -> RunError | None:
    """``doing: there is not enough memory``, to be raised in its place."""
    found = shortage_of(error)
    return RunError(f"{doing}: {found[0]}", hint=found[1]) if found else None

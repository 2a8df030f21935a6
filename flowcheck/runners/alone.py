"""What flowcheck's own processes do without: the command line and its workers, which nobody else lives in."""

from __future__ import annotations

import ctypes
import os
import sys


class _NoPandas:
    """Finds no pandas, before anything else may."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("not wanted here", name=name)


def is_alone() -> bool:
    """Whether this process is the command line's or a worker's, and not somebody else's who calls it."""
    return _NoPandas in sys.meta_path


def leave_out_pandas() -> None:
    """Arrow looks for it at the first array it makes, and importing it takes a third of a second."""
    sys.meta_path.insert(0, _NoPandas)


def end_libraries_with(code: int, said: str) -> None:
    """What to end with, and to say, where a library in C ends the process: some do if they get no memory,
    with 1, which would be a finding. Whoever calls this ends by ``os._exit`` alone, which comes past it."""
    on_exit = getattr(ctypes.CDLL(None), "on_exit", None)
    if on_exit is not None:

        def end(_status: int, _nothing: object) -> None:
            os.write(2, said.encode())
            os._exit(code)

        _kept.append(_OnExit(end))
        on_exit(_kept[-1], None)


_OnExit = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)
_kept: list[object] = []
"""What C calls must stay."""

"""What flowcheck's own processes do without: the command line and its workers, which nobody else lives in."""

from __future__ import annotations

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

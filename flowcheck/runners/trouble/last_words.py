"""What a worker says when it ends by an error that is no file's: one line, and no input in it."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType

from flowcheck.shortages import shortage_of

PACKAGE = Path(__file__).parents[2]


def prepare() -> None:
    """Call before the rest is imported: what a machine is short of shows first there."""
    sys.excepthook = _say


def place_of(trace: TracebackType | None) -> str:
    """Where in flowcheck an error came from."""
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(trace)
        if PACKAGE in Path(frame.filename).parents
    ]
    return places[-1] if places else "an unknown place"


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    missing = shortage_of(error)
    what = f"{missing[0]} ({missing[1]})" if missing else f"{kind.__name__} at {place_of(trace)}"
    sys.stderr.write(f"error: a worker process ended: {what}\n")

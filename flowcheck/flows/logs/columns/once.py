"""What is made of a dictionary, made once for as long as it comes again: mostly for all batches of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pyarrow as pa

Made = TypeVar("Made")


class Once:
    """Use for the batches of one log."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, Callable[..., Any]], tuple[pa.Array, Any]] = {}

    def made(self, column: str, words: pa.Array, make: Callable[[pa.Array], Made]) -> Made:
        """``make(words)``. ``column`` names it: the last words of each are remembered."""
        known = self._last.get((column, make))
        if known is None or not known[0].equals(words):
            known = self._last[column, make] = words, make(words)
        made: Made = known[1]
        return made

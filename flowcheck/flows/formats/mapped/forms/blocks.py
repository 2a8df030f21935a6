"""Some records of a log, column by column, as they were found: what every reader of the folder yields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Block(NamedTuple):
    """``positions`` (n,): which records of the log. ``columns``: those of the wanted names that the log has,
    each (n,), of whatever type."""

    positions: npt.NDArray[np.int64]
    columns: dict[str, pa.Array]

    def column(self, name: str) -> pa.Array:
        """One of them; nulls where there is none."""
        found = self.columns.get(name)
        return pa.nulls(len(self.positions), pa.string()) if found is None else found

    def kept(self, mask: npt.NDArray[np.bool_]) -> Block:
        chosen = pa.array(mask)
        return Block(
            self.positions[mask], {name: column.filter(chosen) for name, column in self.columns.items()}
        )


def array_of(values: Sequence[Any]) -> pa.Array:
    """Values of JSON in one type; where they have several, all of them as text, and what is nested as
    none."""
    try:
        found = pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, UnicodeError):
        found = pa.array(map(_text, values), pa.string())
    return found


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)[:100]


def positions_of(numbers: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.fromiter(numbers, np.int64)

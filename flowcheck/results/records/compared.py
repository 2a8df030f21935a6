"""Files of one run beside one another: what one of them lacks, and times far from those of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median_low

from msgspec.structs import replace

from flowcheck.flows.canonical.schema import COLUMNS
from flowcheck.model.instants import instant_text
from flowcheck.results.records.ledger import FileEntry

FAR = 366 * 86_400_000_000
"""Microseconds from the middle of a run past which a file's times are told of."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Of one judged file: its canonical columns, none of a log, which has what its format tells; when its
    first and its last judged row began, and the median hour of those that have any, in microseconds."""

    columns: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    middle: int | None = None


def compared(entries: Mapping[int, FileEntry], traits: Mapping[int, Traits]) -> tuple[FileEntry, ...]:
    """The entries in the order of the input, with what shows only beside the others. It does not matter in
    which order files were judged."""
    present = {name for one in traits.values() for name in one.columns}
    common = [name for name in COLUMNS if name in present]
    middles = [one.middle for one in traits.values() if one.middle is not None]
    middle = median_low(middles) if middles else 0
    return tuple(_beside_others(entries[n], traits.get(n, Traits()), common, middle) for n in sorted(entries))


def _beside_others(entry: FileEntry, own: Traits, common: list[str], middle: int) -> FileEntry:
    lacks = tuple(name for name in common if name not in own.columns) if own.columns else ()
    warnings = entry.warnings
    first, last = own.first, own.last
    if first is not None and last is not None and max(middle - first, last - middle) > FAR:
        warnings += (
            f"its rows are of {instant_text(first)} to {instant_text(last)}, more than a year from those of "
            f"the run ({instant_text(middle)} is the middle)",
        )
    return replace(entry, lacks=lacks, warnings=warnings) if lacks or warnings else entry

"""What --since and --until left out unread, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowcheck.results.records.ledger import LeftUnread, Totals


def left_unread(pruned: Iterable[LeftUnread], totals: Totals) -> Iterator[tuple[int, str, str]]:
    """Counts of what, and why it was not opened."""
    for one in pruned:
        yield one.folders, "folder", f"not opened: {one.reason}"
        yield one.files, "file", f"not opened: {one.reason}"
    rows = (
        f"not read, of {totals.rows_pruned:,} of these rows: their statistics lie outside --since and --until"
    )
    yield totals.row_groups_pruned, "row group", rows

"""What goes wrong with orders, and which are tried again: once, where another attempt may fare better."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from flowcheck.flows.files.inputs import sha256_of
from flowcheck.runners.messages import MEMORY, NO_PROGRESS, Failed, FileOrder


class Troubles:
    """Those of a run so far, by file."""

    def __init__(self) -> None:
        self._lost: dict[int, list[str]] = {}
        self._large: set[int] = set()

    def attempt(self, order: FileOrder) -> FileOrder:
        """An order as it is to be given, with regard to what went wrong with its file."""
        return replace(order, attempt=1) if order.file in self._large else order

    def lost(self, order: FileOrder, reason: str, how: str) -> FileOrder | Failed:
        """Who was on this order is gone: once more, but the second time its file has failed. ``how`` ends
        "the process that read it ..."."""
        troubles = self._lost.setdefault(order.file, [])
        troubles.append(how)
        if len(troubles) == 1:
            return replace(order, attempt=1)
        stuck = reason == NO_PROGRESS  # to hash it may take for ever too
        sha256 = None if stuck else sha256_of(order.path)
        return Failed(order.file, reason, lost_twice(troubles), sha256)

    def short_of_memory(self, order: FileOrder, failed: Failed) -> FileOrder | Failed:
        """Once more, and whatever else of this file is yet to be judged, in smaller batches."""
        if order.attempt:
            return Failed(order.file, MEMORY, failed.detail, failed.sha256)
        self._large.add(order.file)
        return order


def lost_twice(how: Sequence[str]) -> str:
    """What became of the processes that read a file, in a sentence."""
    if how[0] == how[1]:
        return f"the process that read it {how[0]}, and so did a second"
    return f"the process that read it {how[0]}, a second {how[1]}"

"""The first violating row of each edge, of as many edges as findings can tell.

Violations that differ in more than MOST_PORTS ports alone become one finding, for which the earliest is
enough: of edges that share all but the port only the earliest are kept, one more than findings tell apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from flowcheck.results.edges import PORT
from flowcheck.results.records.findings import MOST_PORTS, Example

EdgeKey = tuple[int, int, int]
"""The three words of an edge's key."""
_Shared = tuple[int, int, int, bool]
"""What edges share that differ in their ports alone; and whether they have any."""


class Examples:
    """In whatever order they come, the same are kept: of each edge its earliest row, of edges alike but for
    the port the earliest."""

    def __init__(self) -> None:
        self._kept: dict[_Shared, dict[int, Example]] = defaultdict(dict)

    def __bool__(self) -> bool:
        return bool(self._kept)

    def items(self) -> Iterator[tuple[EdgeKey, Example]]:
        for (groups, decisions, service, _), by_port in self._kept.items():
            for port, example in by_port.items():
                yield (groups, decisions, service | port), example

    def get(self, key: EdgeKey) -> Example | None:
        shared, port = _apart(key)
        return self._kept[shared].get(port) if shared in self._kept else None

    def wants(self, key: EdgeKey) -> bool:
        """Whether a later row than all before could be kept as this edge's."""
        shared, port = _apart(key)
        known = self._kept.get(shared, {})
        return port not in known and len(known) <= MOST_PORTS

    def add(self, key: EdgeKey, example: Example) -> None:
        shared, port = _apart(key)
        by_port = self._kept[shared]
        if port in by_port:
            by_port[port] = min(by_port[port], example, key=_place)
            return
        by_port[port] = example
        if len(by_port) > MOST_PORTS + 1:
            del by_port[max(by_port, key=_by_place(by_port))]


def _place(example: Example) -> tuple[str, int]:
    return example.file, example.row


def _by_place(by_port: dict[int, Example]) -> Callable[[int], tuple[str, int, int]]:
    return lambda port: (*_place(by_port[port]), port)


def _apart(key: EdgeKey) -> tuple[_Shared, int]:
    groups, decisions, service = key
    port = service & PORT
    return (groups, decisions, service & ~PORT, port > 0), port

"""What YAML text becomes: mappings and lists that know on which lines their parts stand."""

from __future__ import annotations

from typing import Any

SELECTOR_KEYS = ("matchLabels", "matchExpressions")
"""The keys of a label selector."""


class Mapping(dict[Any, Any]):
    """A mapping with its own line and, in ``lines``, that of every key."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        self.line = line
        self.lines: dict[Any, int] = {}


class Sequence(list[Any]):
    """A list with its own line and, in ``lines``, that of every element."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        self.line = line
        self.lines: list[int] = []

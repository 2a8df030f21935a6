"""Values that are read, though not everybody reads them so: each sort is remarked once, with its first place.

Source: k8s.io/utils/net ParseIPSloppy, ParseCIDRSloppy; networking/validation ValidateIPBlock's warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from flowcheck.model.places import SourceLocation


class Sort(StrEnum):
    """What is odd, as the end of a sentence about the value."""

    HOST_BITS = "has bits behind its prefix length: network plugins differ in what it stands for"
    LEADING_ZEROS = "has leading zeros: Kubernetes reads it as decimal, others as octal, or not at all"
    MAPPED = "is IPv4 written as IPv6: Kubernetes reads it as IPv4, others as IPv6, or not at all"


class Oddity(NamedTuple):
    """A value as it stands, what it was read as, and where. ``title`` names its object."""

    sort: Sort
    text: str
    read_as: str
    title: str
    source: SourceLocation


@dataclass(slots=True)
class Oddities:
    _first: dict[Sort, Oddity] = field(default_factory=dict)
    _places: dict[Sort, set[tuple[str, str]]] = field(default_factory=dict)

    def add(self, several: Iterable[Oddity]) -> None:
        for one in several:
            self._first.setdefault(one.sort, one)
            self._places.setdefault(one.sort, set()).add((one.title, one.text))

    def warnings(self) -> Iterator[str]:
        for sort, one in self._first.items():
            more = len(self._places[sort]) - 1
            also = f" ({more} more like it)" if more else ""
            yield f"{one.source} {one.title}: {one.text} {sort}; taken as {one.read_as}{also}: write that"

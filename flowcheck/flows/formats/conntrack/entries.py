"""A line of a dump, or of an event -> the two tuples of a connection and what else it tells."""

from __future__ import annotations

import re
from typing import NamedTuple

from flowcheck.flows.logs.values.protocols import protocol_number

_PRINTED = re.compile(
    r"\s*(?:\[(?P<at>[0-9]{1,12}\.[0-9]{1,9})\]\s*)?(?:\[(?P<event>NEW|UPDATE|DESTROY)\]\s*)?"
    r"(?:ipv[46]\s+[0-9]+\s+)?(?P<name>[A-Za-z][\w-]*)\s+(?P<number>[0-9]{1,3})\s.*?(?=\bsrc=)"
    r"(?P<there>src=\S+ dst=\S+ .*?)(?P<back>\bsrc=\S+ dst=\S+.*)$"
)
_DUMPED = re.compile(
    r"\s*(?P<name>[A-Za-z0-9-]+),(?P<first>.*?)orig=\((?P<there>[^()]*)\),reply=\((?P<back>[^()]*)\)(?P<rest>.*)$"
)
_START = re.compile(r"\[start=([^\]]*)\]|,start=([0-9T:.-]+)")
_DELTA = re.compile(r"\bdelta-time=([0-9]{1,9})")
_ZONE = re.compile(r"\bzone(?:-orig)?=([0-9]+)")
_PAIR = re.compile(r"([a-z]+)=([^\s,()]+)")
Tuple = dict[str, str]


class Entry(NamedTuple):
    """``there``, ``back``: the tuples, with src, dst, sport, dport, type, code, packets and bytes. ``at``:
    seconds of an event. ``start``: a local time, as it is printed. ``lasted``: seconds."""

    protocol: int | None
    there: Tuple
    back: Tuple
    event: str
    at: str
    start: str
    lasted: int | None
    zone: str


def entry_of(line: str) -> Entry | None:
    """None where a line is neither."""
    printed = _PRINTED.match(line)
    found = printed or _DUMPED.match(line)
    if found is None:
        return None
    start, delta, zone = _START.search(line), _DELTA.search(line), _ZONE.search(line)
    return Entry(
        int(printed["number"]) if printed is not None else protocol_number(found["name"]),
        _tuple(found["there"]),
        _tuple(found["back"]),
        printed["event"] or "" if printed is not None else "",
        printed["at"] or "" if printed is not None else "",
        (start[1] or start[2] or "") if start is not None else "",
        int(delta[1]) if delta is not None else None,
        zone[1] if zone is not None else "",
    )


def _tuple(text: str) -> Tuple:
    """The first value of each name: what stands after a tuple is the whole connection's."""
    found: Tuple = {}
    for name, value in _PAIR.findall(text):
        found.setdefault(name, value)
    return found

"""What a mesh's rules ask of a connection beside its addresses: its request, and for what the proxy takes it.

An expression over requests is made with the AllOf, AnyOf and Not of ``model.peers``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from flowcheck.model.peers import AllOf, AnyOf, Not


class Carried(StrEnum):
    """For what a proxy takes a connection: bytes, or requests."""

    __hash__ = str.__hash__

    TCP = "tcp"
    HTTP = "http"


class Part(StrEnum):
    """What records may tell of a request or of the TLS around it. ``OTHER`` is never told (headers)."""

    __hash__ = str.__hash__

    METHOD = "method"
    PATH = "path"
    HOST = "host"
    SNI = "sni"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Asks:
    """A part of the request matches the whole of a regular expression. ``name``: which, of ``OTHER``."""

    part: Part
    pattern: str
    name: str = ""

    def matches(self, text: str) -> bool:
        return compiled(self.pattern).fullmatch(text) is not None


RequestExpression = Asks | AllOf["RequestExpression"] | AnyOf["RequestExpression"] | Not["RequestExpression"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a record tells of a request; None: it does not. ``path`` is without its query, ``host`` in lower
    case, with the port where the client wrote one."""

    method: str | None = None
    path: str | None = None
    host: str | None = None
    sni: str | None = None

    def part(self, part: Part) -> str | None:
        return None if part is Part.OTHER else getattr(self, part.value)


NOTHING_TOLD = Request()


@lru_cache(maxsize=1 << 14)
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)

"""What a record would tell of a connection to a mesh beside its ends, as it is asked about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowcheck.compile.mesh.circumstances import Questions
from flowcheck.judging.told import NO_PRINCIPAL, Recorded
from flowcheck.model.mesh.requests import NOTHING_TOLD, Request

_SPIFFE = re.compile(r"spiffe://[^\s/]+/\S+")


@dataclass(frozen=True, slots=True)
class Telling:
    """``principal``: as the column src_principal; "" it is not told. ``by_waypoint``: as a waypoint records
    it, by the port of the Service that was dialled."""

    principal: str = ""
    request: Request = NOTHING_TOLD
    by_waypoint: bool = False

    @property
    def is_http(self) -> bool:
        return any(part is not None for part in (self.request.method, self.request.path, self.request.host))

    def as_recorded(self, questions: Questions) -> Recorded:
        request = questions.of_request(self.request)
        return Recorded(self.principal, request, self.is_http, self.by_waypoint)


def telling(
    principal: str | None,
    method: str | None,
    path: str | None,
    host: str | None,
    sni: str | None,
    *,
    by_waypoint: bool = False,
) -> Telling:
    """Raises: ValueError for an identity that there cannot be."""
    if principal and principal != NO_PRINCIPAL and not _SPIFFE.fullmatch(principal):
        raise ValueError(
            f"{principal!r} is no identity; write spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT, or none"
        )
    path = path.partition("?")[0] if path else None
    host = host.lower() if host else None
    return Telling(principal or "", Request(method or None, path or None, host, sni or None), by_waypoint)

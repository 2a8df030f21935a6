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
    """``principal``: as the column src_principal; "" it is not told."""

    principal: str = ""
    request: Request = NOTHING_TOLD

    @property
    def is_http(self) -> bool:
        return any(part is not None for part in (self.request.method, self.request.path, self.request.host))

    def as_recorded(self, questions: Questions) -> Recorded:
        return Recorded(self.principal, questions.of_request(self.request), self.is_http)


def telling(
    principal: str | None, method: str | None, path: str | None, host: str | None, sni: str | None
) -> Telling:
    """Raises: ValueError for an identity that there cannot be."""
    if principal and principal != NO_PRINCIPAL and not _SPIFFE.fullmatch(principal):
        raise ValueError(
            f"{principal!r} is no identity; write spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT, or none"
        )
    path = path.partition("?")[0] if path else None
    host = host.lower() if host else None
    return Telling(principal or "", Request(method or None, path or None, host, sni or None))

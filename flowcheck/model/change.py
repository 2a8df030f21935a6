"""How a recorded flow's verdict may be another under other policies."""

from __future__ import annotations

from enum import StrEnum


class ChangeKind(StrEnum):
    """Their order is their code where they stand as integers, and that of a report.

    ``WOULD_BE_STOPPED``: it went through, or may have as the policies allowed it and the log does not say
    otherwise, and would be denied. ``WOULD_GO_THROUGH``: it was stopped, or the policies denied it and the
    log does not say otherwise, and would be allowed. ``DENIED_NOW``: it would be denied, and had been stopped
    although it was allowed. ``ALLOWED_NOW``: it would be allowed, and was denied; but it went through, or was
    dropped for another cause. ``TO_UNKNOWN``, ``FROM_UNKNOWN``: one verdict is unknown, and it is none of
    these. ``REACH``: allowed by both, but policies reach its ends by one of them only.
    """

    NONE = ""
    WOULD_BE_STOPPED = "would_be_stopped"
    WOULD_GO_THROUGH = "would_go_through"
    TO_UNKNOWN = "to_unknown"
    FROM_UNKNOWN = "from_unknown"
    DENIED_NOW = "denied_now"
    ALLOWED_NOW = "allowed_now"
    REACH = "reach"

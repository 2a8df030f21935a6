"""The words a result is made of. Their order is their code wherever they stand as integers."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What the policies say of a flow, or of one side of it."""

    NOT_APPLICABLE = "not_applicable"
    ALLOW = "allow"
    DENY = "deny"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a verdict is unknown."""

    NONE = ""
    UNRESOLVED_SRC = "unresolved_src"
    UNRESOLVED_DST = "unresolved_dst"
    AMBIGUOUS_SRC = "ambiguous_src"
    AMBIGUOUS_DST = "ambiguous_dst"
    UNKNOWN_INITIATOR = "unknown_initiator"
    NO_PORT = "no_port"
    UNSUPPORTED_FIELD = "unsupported_field"
    NEEDS_DNS = "needs_dns"
    NEEDS_L7 = "needs_l7"
    SERVICE_BACKENDS_DIFFER = "service_backends_differ"
    AMBIGUOUS_POLICY = "ambiguous_policy"
    NO_NAMESPACE = "no_namespace"
    NO_NODE = "no_node"
    NO_SERVICE = "no_service"
    NEEDS_AUTHENTICATION = "needs_authentication"
    NO_SERVICE_ACCOUNT = "no_service_account"
    NEEDS_IDENTITY = "needs_identity"


class Observed(StrEnum):
    """What the log says the network did; the code is the canonical ``action`` column's. ``FORWARDED``: the
    network let it through to where a mesh's proxy stands, and does not see what that made of it."""

    UNKNOWN = "unknown"
    ALLOWED = "allowed"
    DENIED = "denied"
    AUDIT = "audit"
    DROPPED = "dropped"
    FORWARDED = "forwarded"


class Violation(StrEnum):
    """How verdict and observed disagree."""

    NONE = ""
    FORWARDED_DENIED = "forwarded_denied"
    DROPPED_ALLOWED = "dropped_allowed"

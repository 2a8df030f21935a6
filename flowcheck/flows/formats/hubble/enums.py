"""Names of what flow.proto numbers: a record may have the name, the number, or the number as text."""

from __future__ import annotations

from collections.abc import Mapping

VERDICTS = {
    1: "FORWARDED",
    2: "DROPPED",
    3: "ERROR",
    4: "AUDIT",
    5: "REDIRECTED",
    6: "TRACED",
    7: "TRANSLATED",
}
"""Retina has 15 (a retransmission) and 16 (DNS) besides, without names."""
DIRECTIONS = {1: "INGRESS", 2: "EGRESS"}
TYPES = {1: "L3_L4", 2: "L7", 3: "SOCK"}
MESSAGES = {1: "REQUEST", 2: "RESPONSE", 3: "SAMPLE"}
POINTS = {3: "TO_STACK", 5: "FROM_ENDPOINT", 10: "FROM_NETWORK", 11: "TO_NETWORK", 101: "TO_ENDPOINT"}
REASONS = {1: "NEW", 2: "ESTABLISHED", 3: "REPLY", 4: "RELATED"}
STEPS = {1: "SOCK_XLATE_POINT_PRE_DIRECTION_FWD", 2: "SOCK_XLATE_POINT_POST_DIRECTION_FWD"}
POLICY_DROPS = {133: "POLICY_DENIED", 181: "POLICY_DENY", 189: "AUTH_REQUIRED"}
"""Reasons of a drop that are a policy's: denied by default, by a rule, or for want of authentication."""


def name_of(value: str | int | None, names: Mapping[int, str]) -> str:
    """The name; empty where there is none."""
    if isinstance(value, str) and not value.isdecimal():
        return value
    return names.get(int(value), "") if value is not None and len(str(value)) < 10 else ""

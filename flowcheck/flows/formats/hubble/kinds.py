"""What kind of event a flow is, and whether it is an answer, also where a mask took away the field that says.

Source: pkg/monitor/api/types.go and pkg/hubble/parser of cilium/cilium.
"""

from __future__ import annotations

from flowcheck.flows.formats.hubble.enums import MESSAGES, REASONS, TYPES, VERDICTS, name_of
from flowcheck.flows.formats.hubble.records import Flow, Wrapped

UNTOLD, DROP, TRACE, POLICY_VERDICT, SOCKET, LAYER_7 = 0, 1, 4, 5, 7, 129
"""Of event_type.type; UNTOLD: it may be any of them that let traffic through."""
KNOWN = frozenset({DROP, TRACE, POLICY_VERDICT, SOCKET, LAYER_7})


def kind_of(flow: Flow) -> int:
    """Only policy verdicts are audited or redirected, or name policies; no drop at layer 3 and 4 says whether
    it is an answer."""
    told = flow.event_type.type or 0 if flow.event_type is not None else 0
    if name_of(flow.Type, TYPES) == "L7" or told == LAYER_7 or (not told and flow.l7 is not None):
        return LAYER_7
    if told:
        return told if told in KNOWN else UNTOLD
    verdict = name_of(flow.verdict, VERDICTS)
    if verdict in ("AUDIT", "REDIRECTED") or flow.policy_match_type or _names_policies(flow):
        return POLICY_VERDICT
    if verdict == "DROPPED":
        return DROP if flow.is_reply is None else LAYER_7
    return TRACE if flow.trace_observation_point or flow.trace_reason else UNTOLD


def reply_of(flow: Flow) -> bool | None:
    """Whether it is an answer; None where it does not say. ``reply`` is older, and false where unknown."""
    told = flow.is_reply
    if isinstance(told, Wrapped):
        told = bool(told.value)
    if told is not None:
        return told
    reason, message = name_of(flow.trace_reason, REASONS), ""
    if flow.l7 is not None:
        message = name_of(flow.l7.type, MESSAGES)
    if flow.reply or reason == "REPLY" or message == "RESPONSE":
        return True
    return False if reason in ("NEW", "ESTABLISHED") or message == "REQUEST" else None


def rank_of(kind: int) -> int:
    """A policy verdict stands for its connection before a drop does, and a drop before a trace."""
    return 2 if kind == POLICY_VERDICT else int(kind == DROP)


def _names_policies(flow: Flow) -> bool:
    lists = (flow.egress_allowed_by, flow.ingress_allowed_by, flow.egress_denied_by, flow.ingress_denied_by)
    return any(lists)

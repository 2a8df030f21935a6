"""What a record of NetObserv says was decided: by OVN's ACLs, and by a kernel that dropped packets."""

from __future__ import annotations

from flowcheck.flows.formats.netobserv.records import Event, Flow
from flowcheck.flows.logs.rows import Row

ALLOWED, DENIED, DROPPED = 1, 2, 4
POLICIES = frozenset(
    {"NetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "NetpolNamespace", "NetpolNode"}
)
"""Owners of ACLs that Kubernetes policies became: NetpolNamespace isolates the pods of a namespace,
NetpolNode lets a pod's own node in. An egress firewall, multicast and isolated networks are none.
Source: observability-lib/model/network_event.go."""
ACTIONS = {
    **dict.fromkeys(("allow", "allow-related", "allow-stateless"), ALLOWED),
    **dict.fromkeys(("drop", "reject"), DENIED),
}
"""``pass`` leaves the decision to the next tier."""


def judge(row: Row, flow: Flow) -> None:
    """A side is denied where one of its ACLs denied. A drop that is no policy's counts as one where no packet
    came through."""
    events = [event for event in flow.NetworkEvents or () if isinstance(event, Event)]
    others = False
    for event in events:
        if event.Feature not in (None, "acl"):
            continue
        action = ACTIONS.get((event.Action or "").lower())
        if event.Type not in POLICIES:
            others = others or action == DENIED
        elif action is not None and (event.Direction or "").lower() == "egress":
            row.egress_action = max(action, row.egress_action or 0)
        elif action is not None:
            row.ingress_action = max(action, row.ingress_action or 0)
    row.policy_refs = _references(events) or None
    sides = (row.egress_action, row.ingress_action)
    all_dropped = bool(flow.PktDropPackets) and (flow.PktDropPackets or 0) >= (flow.Packets or 0)
    if DENIED in sides or (all_dropped and flow.PktDropLatestDropCause in POLICIES):
        row.action = DENIED
    elif others or all_dropped:
        row.action = DROPPED
    else:
        row.action = ALLOWED if ALLOWED in sides else 0


def _references(events: list[Event]) -> list[str]:
    """Denials first, as ``kind/namespace/name``; what has no name is no policy's object, but for a
    namespace's egress firewall, which is always called default."""
    ordered = sorted(events, key=lambda event: ACTIONS.get((event.Action or "").lower(), 0) != DENIED)
    found = []
    for event in ordered:
        name = event.Name or ("default" if event.Type == "EgressFirewall" else None)
        if event.Type and name:
            found.append("/".join(part for part in (event.Type, event.Namespace, name) if part))
    return list(dict.fromkeys(found))

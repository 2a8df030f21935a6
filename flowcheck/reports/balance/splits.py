"""The sentences about what routes divide and what proxies choose, for the reports of the load.

Everything here is taken from the result. Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from flowcheck.balance.tell.records import ChoiceLoad, ServiceLoad, ShareLoad, SplitLoad
from flowcheck.counted import counted
from flowcheck.reports.parts.units import chance, moment, share_text

VERDICTS = {"on_target": "on target", "off_target": "off target", "not_tested": "not tested"}
SPLIT_WHY = {
    "weights": "chance does not explain the difference from the weights",
    "zero_weight": "connections reached what the route sends nothing to",
    "no_connections": "no connection was seen",
    "few_connections": "fewer than five connections per target prove nothing",
    "few_clients": "connections follow their clients, and fewer than ten clients per target prove nothing",
    "requests": "its weights are of requests, and proxies that keep few connections open hide those",
    "told_apart": "its rules send to the same endpoints, and no count tells by which one a connection went",
    "mirrored": "copies of requests go to the same endpoints",
    "sent_from_elsewhere": "another route sends what is dialled by another name to the same endpoints",
    "no_targets": "the rule sends to no endpoint",
    "no_endpoints": "none of its targets has an endpoint",
    "relabelled": "an endpoint's labels changed, so that it was of several subsets",
    "labels_not_known": "the labels of an endpoint are not known",
    "some_clients": "the route or a DestinationRule is for some of the clients only",
    "clients_not_known": "it is not known who the clients are",
    "clients_differ": "clients with and without a proxy that reads the route cannot be told apart in time",
    "no_proxy": "no client is known to have a proxy that reads the route",
}
"""Reason of a split: what it means."""
UNCLEAR = {
    "some_clients": "a route is for some of its clients only",
    "several_routes": "several routes are for it, and which one counts is not sure",
    "protocol_not_told": "its port does not tell its protocol to proxies (name it http-... or tcp-...)",
}
_BY = {
    "kube-proxy": "kube-proxy",
    "sidecar": "sidecars",
    "ztunnel": "ztunnels",
    "linkerd": "Linkerd's proxies",
    "waypoint": "waypoints",
    "gateway": "gateways",
    "open": "a proxy at times only",
}


def is_off_target(service: ServiceLoad) -> bool:
    return any(split.verdict == "off_target" for split in service.splits)


def choice_notes(service: ServiceLoad) -> list[str]:
    """Which expectation was taken, and what its proxies leave open."""
    choice = service.choice
    if choice is None:
        return []
    evenly = ", evenly," if service.state in ("skewed", "balanced") else ""
    notes = [f"endpoints are chosen{evenly} by {_who(choice)}"]
    if choice.divided and service.state in ("skewed", "balanced"):
        notes.append(
            "expected of an endpoint is its even part of what its version had, which a route divides"
        )
    if service.state == "skewed" and "LEAST_REQUEST" in choice.balancer:
        notes.append("LEAST_REQUEST sends less to endpoints that answer slowly")
    if choice.ejects and any(endpoint.state == "idle" for endpoint in service.endpoints):
        notes.append("an endpoint without connections may have been ejected: outlierDetection is set")
    notes += [f"its routes are not known: {UNCLEAR[why]}" for why in choice.unclear]
    return notes


def _who(choice: ChoiceLoad) -> str:
    who = " and ".join(_BY.get(one, one) for one in choice.by) or "nobody seen"
    if not choice.balancer:
        return who if choice.by != ("kube-proxy",) else f"{who}: its clients have no proxy"
    told = f" of {', '.join(choice.rules)}" if choice.rules else ", as nothing else is set"
    return f"{who} ({choice.balancer}{told})"


def split_title(split: SplitLoad) -> str:
    """The rule, where it stands and when it was so."""
    since, until = (moment(time) if time else "" for time in (split.since, split.until))
    when = " ".join(part for part in (since and f"from {since}", until and f"until {until}") if part)
    place = f" ({split.place})" if split.place else ""
    return f"{split.route} {split.rule}{place}{f' {when}' if when else ''}"


def split_summary(split: SplitLoad) -> str:
    """What was found, in one line."""
    parts = [VERDICTS[split.verdict], counted(split.connections, "connection")]
    if split.why:
        parts.append(SPLIT_WHY[split.why])
    if split.p_adjusted is not None and split.misplaced is not None:
        parts.append(f"{share_text(split.misplaced)} misplaced")
        parts.append(chance(split.p_adjusted))
    return ", ".join(parts)


def split_notes(split: SplitLoad) -> list[str]:
    """What else has to be known to read its numbers."""
    notes = []
    if split.verdict == "on_target" and split.significant:
        notes.append("the difference is no chance, and too small to matter")
    if split.tolerated is not None:
        word = "within" if split.tolerated else "beyond"
        notes.append(f"{word} the 0.05 that Gateway API's conformance tolerates")
    if split.zero_weight:
        notes.append(f"{counted(split.zero_weight, 'connection')} at endpoints that should have had none")
    if split.missing:
        notes.append(f"{share_text(split.missing)} of everything was for targets without endpoints")
    if split.weighs == "requests" and split.verdict != "not_tested":
        notes.append("weights are of requests; connections were counted")
    if split.asks:
        notes.append(f"only what matches {', '.join(split.asks)} goes by the rule, which counts do not tell")
    if split.design_effect > 1:
        notes.append(f"connections follow their clients: {split.design_effect:.1f} count as one")
    return notes


def share_row(share: ShareLoad) -> tuple[str, str]:
    """A target: what it had of what it should have had."""
    weight = "" if share.weight is None else f", weight {share.weight}"
    who = f"{share.target} ({counted(share.endpoints, 'endpoint')}{weight})"
    interval = f"{share_text(share.low)} to {share_text(share.high)}"
    had = f"{share_text(share.share)} where {share_text(share.expected)} is expected"
    return who, f"{had}, {counted(share.connections, 'connection')}, 95 % interval {interval}"


def brief_split(split: SplitLoad) -> str:
    """For a report that is about something else."""
    shares = ", ".join(
        f"{share.target} {share_text(share.share)} where {share_text(share.expected)} is expected"
        for share in split.targets
        if share.expected or share.connections
    )
    return f"{split.route} off its weights: {shares}"

"""The sentences that the reports of the load share about one Service port and its endpoints.

Everything here is taken from the result. Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad
from flowcheck.counted import agreeing, counted
from flowcheck.reports.balance.splits import choice_notes
from flowcheck.reports.parts.units import chance, duration, share_text, size

WHY = {
    "external_name": "a name in DNS: Kubernetes spreads nothing",
    "headless": "headless: clients choose by themselves, so no share is expected",
    "no_backends": "no usable backend is known for that time",
    "single_endpoint": "one endpoint has everything",
    "endpoints_not_recorded": "the records have the Service's address and not the endpoint's",
    "origins_not_known": "what is expected depends on the client's node, which is not known",
    "aggregated": "the records name a workload and not its pods",
    "routed": "a route divides it, and what each version should have had is said there",
    "hashed": "its clients' proxies choose by a hash, so no share is expected",
    "own_zones": "its clients' proxies prefer their own zone or node, so no share is expected",
    "balancer": "its clients' proxies choose in a way of which nothing is expected",
    "clients_differ": "its clients with and without a proxy choose in different ways",
    "no_connections": "no connection was seen",
    "few_connections": "fewer than five connections per endpoint prove nothing",
    "few_clients": "connections follow their clients, and fewer than ten clients per endpoint prove nothing",
}
"""Reason: what it means."""


def title(service: ServiceLoad) -> str:
    """``shop/web:80/TCP``, with the port's name where it has one."""
    name = f" ({service.port_name})" if service.port_name else ""
    return f"{service.name}:{service.port}/{service.protocol}{name}"


def short_name(service: ServiceLoad, endpoint: EndpointLoad) -> str:
    """A pod of the Service's own namespace by its name alone, any other endpoint in full."""
    return endpoint.endpoint.removeprefix(f"{service.namespace}/Pod/")


def is_one_sided(service: ServiceLoad) -> bool:
    return service.time is not None and service.time.one_sided


def is_uneven(service: ServiceLoad) -> bool:
    """Whether it is skewed, as a whole or in time."""
    return service.state == "skewed" or is_one_sided(service)


def state(service: ServiceLoad) -> str:
    """The state in words for people."""
    word = service.state.replace("_", " ")
    return f"{word}, one-sided in time" if is_one_sided(service) else word


def summary(service: ServiceLoad) -> str:
    """What was found, in one line."""
    parts = [counted(service.connections, "connection")]
    if service.state in ("skewed", "balanced"):
        assert service.misplaced is not None
        assert service.peak_to_average is not None
        parts.append(f"{share_text(service.misplaced)} misplaced")
        parts.append(f"peak {service.peak_to_average:.2f}x")
        parts.append(chance(service.p_adjusted))
    elif service.why:
        parts.append(WHY[service.why])
    return ", ".join(parts)


def notes(service: ServiceLoad) -> list[str]:
    """What else has to be known of a Service port to read its numbers."""
    result = choice_notes(service)
    if service.state == "balanced" and service.significant:
        result.append("the difference is no chance, and too small to matter")
    if service.over_even:
        result.append("evener than chance, as round robin or least connections make it")
    if is_one_sided(service):
        assert service.time is not None
        result.append(
            f"its spread differs between stretches of {duration(service.time.bucket_seconds)} "
            f"by a CV of {service.time.excess_cv:.2f} beyond chance, {chance(service.time.p_adjusted)}"
        )
    if service.time is not None and service.time.longest_run > 1:
        result.append(
            f"one endpoint had all {counted(service.time.longest_run_connections, 'connection')} of "
            f"{counted(service.time.longest_run, 'stretch', 'stretches')} "
            f"of {duration(service.time.bucket_seconds)} on end"
        )
    for amount, what in (
        (service.unexpected, "reached endpoints that were not usable"),
        (service.untested, f"{agreeing(service.untested, 'has', 'have')} no expectation to be held against"),
        (service.unlocated, f"{agreeing(service.unlocated, 'has', 'have')} no recorded endpoint"),
        (service.ambiguous, "may be this Service's or another's"),
        (service.other_port, "reached its endpoints on a port of no Service"),
    ):
        if amount:
            result.append(f"{counted(amount, 'connection')} {what}")
    if service.estimated:
        result.append("shares are estimated: ambiguous connections are divided by the certain ones")
    if service.clients.follow:
        result.append(f"connections follow their clients: {service.clients.design_effect:.1f} count as one")
    if service.clients.stray:
        result.append(f"{counted(service.clients.stray, 'connection')} broke ClientIP affinity")
    if service.snapshots == 1 and service.expected_endpoints > 1:
        result.append("endpoint snapshots: 1, so what changed in between is not known")
    return result


def endpoint_note(endpoint: EndpointLoad) -> str:
    """The odd thing about an endpoint; empty where there is none."""
    if endpoint.state == "hot" and endpoint.ratio is not None:
        return f"hot, {endpoint.ratio:.1f}x"
    if endpoint.state == "idle":
        return "idle"
    return "not usable" if endpoint.state == "unexpected" else ""


def measures(service: ServiceLoad) -> list[tuple[str, str]]:
    """Every measure with its meaning, for one Service in full."""
    if service.misplaced is None:
        return []
    assert service.peak_to_average is not None
    endpoints = counted(service.expected_endpoints, "endpoint")
    lines = [
        ("misplaced", f"{share_text(service.misplaced)} would have to move to meet the expectation"),
        ("peak", f"{service.peak_to_average:.3f} times the expectation at the busiest endpoint"),
        ("CV", f"{service.cv:.4f}"),
        ("Jain", f"{service.jain:.4f} (1 is even, {1 / service.expected_endpoints:.4f} is one endpoint)"),
        ("effective", f"{service.effective_endpoints:.2f} of {endpoints}"),
        ("Gini", f"{service.gini:.4f}"),
        ("entropy", f"{service.entropy:.4f} of 1"),
    ]
    if service.statistic is not None and service.freedom:
        freedom = counted(service.freedom, "degree")
        lines.append(
            (
                "test",
                f"{service.method}, statistic {service.statistic:.2f}, {freedom} of freedom, "
                f"dispersion {service.dispersion:.2f}, {chance(service.p)}, "
                f"over all Services {chance(service.p_adjusted).removeprefix('chance ')}",
            )
        )
    return lines


def places(service: ServiceLoad) -> list[tuple[str, str]]:
    """Where connections went, of those whose nodes are known."""
    place = service.places
    known = place.same_node + place.same_zone + place.other_zone + place.other_node
    if not known:
        return []
    parts = (
        ("same node", place.same_node, place.bytes_same_node),
        ("same zone", place.same_zone, place.bytes_same_zone),
        ("other zone", place.other_zone, place.bytes_other_zone),
        ("other node", place.other_node, place.bytes_other_node),
    )
    told = any(bytes_ for _, _, bytes_ in parts)
    lines = [
        (label, f"{share_text(n / known)} ({counted(n, 'connection')}{f', {size(bytes_)}' if told else ''})")
        for label, n, bytes_ in parts
        if n
    ]
    if place.expected_same_zone is not None:
        lines.append(("expected", f"{share_text(place.expected_same_zone)} inside the client's zone"))
    return lines

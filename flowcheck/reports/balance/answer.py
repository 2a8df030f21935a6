"""The sentences that the reports of the load share about all Services: the answer, and what to look at next.

Everything here is taken from the result. Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flowcheck.balance.tell.records import ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.counted import counted
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.reports.balance.splits import is_off_target
from flowcheck.reports.balance.wording import is_one_sided, is_uneven, title
from flowcheck.reports.parts.units import share_text

CLASSES = {
    "vip+endpoint": "named with their Service",
    "endpoint": "told by the endpoint's address and port",
    "vip": "to a Service's address, endpoint not recorded",
    "nodeport": "to a node port, endpoint not recorded",
    "ambiguous": "may be several Services'",
    "endpoint_other_port": "to an endpoint on a port of no Service",
    "none": "to no Service",
    "refused": "refused, so that nobody served them",
    "unknown_initiator": "whose initiator is not known",
    "own_node": "from a pod's own node, as its probes are",
    "tunnel": f"to a mesh's tunnels (port {HBONE_PORT}), whose inside only the mesh's own log tells",
}
"""Class of attribution: what its records are."""


def headline(result: LoadResult) -> str:
    """The answer in one line."""
    answer = result.nothing.headline if result.nothing else _skewed(result)
    return f"{answer} - INCOMPLETE" if result.incomplete_because else answer


def _skewed(result: LoadResult) -> str:
    states = Counter(service.state for service in result.services)
    tested = states["skewed"] + states["balanced"]
    if not result.services:
        return "no Services"
    parts = [f"{states['skewed']:,} of {counted(tested, 'tested Service port')} skewed"]
    one_sided = sum(is_one_sided(service) for service in result.services)
    if one_sided:
        parts.append(f"{one_sided:,} one-sided in time")
    off = sum(is_off_target(service) for service in result.services)
    if off:
        parts.append(f"{off:,} off the weights of a route")
    left = states["insufficient"] + states["not_applicable"]
    if left:
        parts.append(f"{left:,} not tested")
    return ", ".join(parts)


def looked_at(result: LoadResult) -> list[tuple[str, str]]:
    """How much was looked at: label and sentence."""
    services, limits = result.services, result.thresholds
    endpoints = {e.endpoint for service in services for e in service.endpoints}
    connections = sum(service.connections for service in services)
    unlocated = sum(service.unlocated for service in services)
    lines = [
        ("services", f"{counted(len(services), 'Service port')} with {counted(len(endpoints), 'endpoint')}"),
        (
            "connections",
            f"{connections:,} attributed, {unlocated:,} of them without their endpoint",
        ),
        (
            "alarm",
            f"chance below {limits.alpha:g} over all Services, and {share_text(limits.min_misplaced)} "
            f"misplaced or a CV of {limits.min_cv:g}",
        ),
    ]
    return lines


def classes(result: LoadResult) -> list[tuple[int, str, str]]:
    """Records, class and meaning of every class that has any."""
    return [(result.classes[name], name, what) for name, what in CLASSES.items() if result.classes.get(name)]


def next_steps(services: Sequence[ServiceLoad]) -> list[str]:
    """What to look at next, at most three things, most pressing first."""
    steps = []
    bad = [s for s in services if is_uneven(s)]
    if bad:
        steps.append(f"--service {bad[0].name} shows {title(bad[0])} in full; --svg FILE draws it")
    off = [s for s in services if is_off_target(s)]
    if off and off[:1] != bad[:1]:
        steps.append(f"--service {off[0].name} shows what its route should have divided, and did")
    idle = next((e for s in services for e in s.endpoints if e.state == "idle"), None)
    if idle is not None:
        steps.append(f"{idle.endpoint} is ready and had no connection: does its proxy or mesh know it?")
    by_reason = Counter(s.why for s in services if s.why in ("endpoints_not_recorded", "aggregated"))
    if by_reason:
        steps.append("a log behind the Service's translation, by pod, would show endpoints of more Services")
    if not steps:
        steps.append("--service NS/NAME shows one Service in full, over time")
    return steps[:3]

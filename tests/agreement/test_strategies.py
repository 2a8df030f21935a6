"""Random worlds reach every way in which an address leads elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import strategies as st

from flowcheck.reference import Reference, Tuple5
from flowcheck.reference.backends import asked
from flowcheck.reference.ends import Resolved
from tests.agreement.agree import World, never_seen
from tests.agreement.strategies import worlds
from tests.agreement.timeline_strategies import timelines

WAYS = {"shared", "a node's too", "node port", "host port", "several", "inner local", "outer local", "nobody"}


def ways(reference: Reference, flow: Tuple5) -> Iterator[str]:
    """How a flow's destination leads elsewhere."""
    found = reference.owners.resolve(flow.destination, flow.time)
    dst = reference.services.reach(found, flow)
    if found.shared and dst.service is not None:
        yield "shared"
    if found.only is not None and found.only.node is not None and dst is not found:
        yield way_of_node(found, dst)
    src = reference.owners.resolve(flow.source, flow.time)
    everywhere = asked(dst, src.ends[0]) if src.ends else []
    if (
        dst.backends
        and src.ends
        and len(everywhere) < len([b for b in dst.backends if b.ready] or dst.backends)
    ):
        yield "inner local" if dst.inner else "outer local"
        yield from ["nobody"] * (not everywhere)


def way_of_node(found: Resolved, dst: Resolved) -> str:
    if dst.service is None:
        return "several" if dst.lost else "host port"
    return "a node's too" if dst.name != found.name else "node port"


@pytest.mark.parametrize("strategy", [worlds(), timelines()], ids=["worlds", "timelines"])
def test_every_way_to_lead_elsewhere_is_reached(strategy: st.SearchStrategy[World]) -> None:
    def seen_in(world: World) -> Iterator[str]:
        cluster, options, flows = world
        reference = Reference(cluster, options)
        for flow in flows:
            yield from ways(reference, flow)

    assert never_seen(WAYS, strategy, seen_in, at_most=2500) == set()

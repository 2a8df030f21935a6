"""Random timelines reach what they are made for, and the reference keeps the laws that time has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Judgement, Reference
from tests.agreement.agree import World, drawn, never_seen
from tests.agreement.dice import Dice
from tests.agreement.timeline_objects import lifetimes
from tests.agreement.timeline_strategies import timelines

T = TypeVar("T", bound=Any)

PROPERTY = drawn(150)
STATIC = {
    *(Reason.NEEDS_L7, Reason.NEEDS_AUTHENTICATION, Reason.NO_SERVICE_ACCOUNT, Reason.NEEDS_IDENTITY),
    *(Reason.NEEDS_DNS, Reason.UNSUPPORTED_FIELD),
}
"""Not this file's: Kubernetes' policies say none of the first, and time has nothing to do with the others."""


def judged(world: World) -> list[Judgement]:
    cluster, options, flows = world
    return Reference(cluster, options).judge_all(flows)


def test_every_reason_quality_and_basis_is_reached() -> None:
    def seen_in(world: World) -> Iterator[str]:
        for one in judged(world):
            yield from (one.reason, one.verdict, f"src {one.src_quality}", f"dst {one.dst_quality}")
            yield from (one.initiator_basis, f"turned {one.swapped}")
            yield from ["disagrees"] * (one.disagrees_src or one.disagrees_dst)

    wanted: set[str] = {*Reason, *Verdict} - STATIC
    wanted |= {"record", "flags", "pair", "listener", "port", "none", "turned True", "disagrees"}
    qualities = ("exact", "inferred", "external", "ambiguous", "unresolved")
    wanted |= {f"{end} {quality}" for end in ("src", "dst") for quality in qualities}
    assert never_seen(wanted, timelines(), seen_in, at_most=1500) == set()


def later(thing: T, microseconds: int) -> T:
    moved = [
        edge if edge in (BEGINNING, END) else edge + microseconds
        for edge in (
            thing.lifetime.start,
            thing.lifetime.end,
            thing.lifetime.sure_start,
            thing.lifetime.sure_end,
        )
    ]
    return replace(thing, lifetime=Lifetime(*moved))


@PROPERTY
@given(timelines(), st.sampled_from((1, 17, 10**15)))
def test_only_differences_of_times_count(world: World, microseconds: int) -> None:
    cluster, options, flows = world
    kinds = ("nodes", "pods", "services", "slices", "policies")
    moved = {kind: tuple(later(one, microseconds) for one in getattr(cluster, kind)) for kind in kinds}
    until = cluster.known_until
    cluster = replace(cluster, known_until=until if until == END else until + microseconds)
    instant = options.policies_at
    fixed = instant if instant in (None, END) else instant + microseconds
    shifted = [replace(flow, at=flow.time + microseconds) for flow in flows]
    assert judged((replace(cluster, **moved), replace(options, policies_at=fixed), shifted)) == judged(world)


@PROPERTY
@given(timelines())
def test_the_order_of_nodes_and_pods_counts_for_nothing(world: World) -> None:
    cluster, options, flows = world
    # Which backend is the first is the order's to say.
    reordered = replace(cluster, services=(), nodes=cluster.nodes[::-1], pods=cluster.pods[::-1])
    assert judged((reordered, options, flows)) == judged((replace(cluster, services=()), options, flows))


@PROPERTY
@given(timelines())
def test_a_flow_of_known_opener_is_judged_as_if_recorded_from_that_end(world: World) -> None:
    cluster, options, flows = world
    reference = Reference(cluster, options)
    for flow in flows:
        found = reference.judge(flow)
        if found.initiator_basis != "none":
            plain = replace(flow.turned() if found.swapped else flow, initiator=1)
            assert reference.judge(plain) == replace(found, initiator_basis="record", swapped=False)


@PROPERTY
@given(st.binary(min_size=16, max_size=16), st.integers(1, 3))
def test_lifetimes_are_what_the_model_allows(faces: bytes, versions: int) -> None:
    for one in lifetimes(Dice(faces), versions):
        if one.start < one.end and one.sure_start < one.sure_end:
            assert one.start <= one.sure_start
            assert one.sure_end <= one.end


def test_no_faces_are_a_version_that_always_was() -> None:
    assert lifetimes(Dice(b""), 1) == [ALWAYS]

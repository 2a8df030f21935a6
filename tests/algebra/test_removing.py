"""What is told of rules is so: taken out of random worlds one by one, they change what the reference says, or
do not."""

from __future__ import annotations

from hypothesis import given

from flowcheck.algebra.build import weigh_rules
from flowcheck.algebra.told import RuleTold
from flowcheck.compile.frozen import frozen
from flowcheck.engines.profiles import apply
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster
from flowcheck.reference import Reference
from tests.agreement.agree import WORLDS, World, drawn
from tests.agreement.meshes import mesh_worlds
from tests.agreement.strategies import engines, worlds
from tests.algebra import removing

KEPT = ("redundant", "unreachable", "matches_nobody")
MOST_RULES, MOST_PORTS, MOST_ENDS = 5, 6, 9


def wrong(cluster: Cluster, options: Options) -> list[tuple[RuleTold, object]]:
    """Rules of which something is told that is not so."""
    cluster = frozen(cluster, END - 1)
    algebra = weigh_rules(cluster, options)
    ends = removing.ends_of(algebra)
    by_endpoint = {end.endpoint: end for end in ends}
    numbers = removing.numbers_of(cluster, options, algebra.axis)
    sources = removing.sources_of(cluster, options, algebra.axis)
    before = Reference(cluster, options)
    some = list(numbers.values())[:: max(1, len(numbers) // MOST_PORTS)]
    flows = list(removing.all_flows(ends[:: max(1, len(ends) // MOST_ENDS)], some, sources[:2]))
    known = {
        direction: [removing.side(before, one, direction).verdict for one in flows] for direction in Direction
    }
    told = [one for one in algebra.rules if one.layer != "mesh"]
    found: list[tuple[RuleTold, object]] = []
    for one in [rule for rule in told if rule.worth in KEPT][:MOST_RULES]:
        after = Reference(removing.without(cluster, one), options)
        direction = one.info.direction
        said = [removing.side(after, flow, direction).verdict for flow in flows]
        found += [
            (one, flow) for flow, was, now in zip(flows, known[direction], said, strict=True) if was != now
        ][:1]
    for one in [rule for rule in told if rule.worth == "needed"][:MOST_RULES]:
        assert one.at is not None
        subject, peer = (by_endpoint.get(end) for end in (one.at.subject, one.at.peer))
        direction = one.info.direction
        if subject is None or peer is None or subject == peer:
            continue  # as its own pods see a node, and as two replicas of a template see one another
        if direction is Direction.EGRESS and removing.leads_elsewhere(cluster) and peer.namespace is None:
            continue
        src, dst = (peer, subject) if direction is Direction.INGRESS else (subject, peer)
        flow = removing.flow(src, dst, numbers[one.at.port], sources[min(one.at.source, len(sources) - 1)])
        was = removing.side(before, flow, direction)
        now = removing.side(Reference(removing.without(cluster, one), options), flow, direction)
        if was.verdict == now.verdict and str(was.reason) not in removing.LOST:
            found.append((one, (flow, was, now)))
    return found


@drawn(WORLDS // 30)
@given(worlds())
def test_worlds(world: World) -> None:
    assert wrong(world[0], world[1]) == []


@drawn(WORLDS // 30)
@given(engines())
def test_all_that_the_model_can_say(world: World) -> None:
    assert wrong(world[0], world[1]) == []


def wrong_of_mesh(world: World) -> list[tuple[RuleTold, object]]:
    """Rules of a mesh of which it is told that they may go, and may not: by the flows of a world, and by TCP
    between all ends."""
    cluster, options, flows = world
    cluster = frozen(cluster, END - 1)
    algebra = weigh_rules(cluster, options)
    told = [one for one in algebra.rules if one.layer == "mesh" and one.worth in KEPT][:MOST_RULES]
    ends = removing.ends_of(algebra)
    numbers = [removing.Number(6, number) for number in (80, 443, 8080, 53, 81, 9)]
    asked = [*flows, *removing.all_flows(ends[:: max(1, len(ends) // 8)], numbers, [40000])]
    before = Reference(cluster, options)
    was = [before.judge(one).mesh.verdict for one in asked] if told else []
    found: list[tuple[RuleTold, object]] = []
    for one in told:
        after = Reference(removing.without(cluster, one), options)
        now = [after.judge(flow).mesh.verdict for flow in asked]
        found += [(one, flow) for flow, a, b in zip(asked, was, now, strict=True) if a != b][:1]
    return found


@drawn(WORLDS // 20)
@given(mesh_worlds())
def test_meshes(world: World) -> None:
    assert wrong_of_mesh(world) == []


def test_a_rule_that_asks_who_a_client_is_may_never_go() -> None:
    cluster, options, _ = apply(load_cluster(["data/mesh/cluster"]), Options())
    told = {one.info.name: one for one in weigh_rules(cluster, options).rules}
    assert told["AuthorizationPolicy/stock/ledger-no-batch[rules[0]]"].reasons == ("needs_identity",)

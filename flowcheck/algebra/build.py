"""The worth of a cluster's rules at one instant: policies laid out, each direction weighed, put into
words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from flowcheck.algebra.nobody import Nobody, idle, nobody
from flowcheck.algebra.ports import named_classes
from flowcheck.algebra.protection import Protection, protection
from flowcheck.algebra.real import before_proxies, between
from flowcheck.algebra.told import RuleTold, of_direction, tell
from flowcheck.algebra.weighing import Weighed, together, weigh
from flowcheck.compile import axis_of
from flowcheck.compile.build import compile_program
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.mesh.circumstances import Circumstance
from flowcheck.compile.mesh.program import CARRIED, CLIENTS, MeshProgram
from flowcheck.compile.rules.directions import Rulebook, lay_out
from flowcheck.compile.rules.outcome.numbered import Key, label_of, number_written
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, Rule
from flowcheck.model.tiers import Layer


@dataclass(frozen=True)
class Algebra:
    """``rules`` in the order they are asked; ``nobody``: of each, whom its selectors take not; ``idle``:
    policies that select nobody; ``unprotected``: by layer, then name."""

    rules: tuple[RuleTold, ...]
    nobody: tuple[Nobody, ...]
    idle: tuple[Policy, ...]
    unprotected: tuple[Protection, ...]
    axis: Axis
    ports: tuple[dict[int, str], dict[int, str]]


def weigh_rules(cluster: Cluster, options: Options) -> Algebra:
    """Of a cluster in which nothing changes, as :func:`flowcheck.compile.frozen.frozen` makes it.

    **Raises**: CompileError where policies cannot be compiled."""
    axis = axis_of(cluster, options)
    written = [policy for policy in cluster.policies if policy.tier.layer is Layer.NETWORK]
    book = Rulebook.of(axis, cluster, written, options)
    numbered = number_written(book.rules, book.stages)
    ports = [named_classes(book.ports)]
    told: list[RuleTold] = []
    unprotected: list[Protection] = []
    for direction in (Direction.INGRESS, Direction.EGRESS):
        laid = lay_out(direction, book)
        real = between(axis, direction, same_pod=options.same_pod != "allowed")
        weighed = weigh(laid, real, numbered)
        which = of_direction(numbered, direction)
        told += tell(numbered, weighed, book.decisions.known, which, direction, _by_key(book.policies))
        unprotected += protection(axis, laid, numbered, direction)
    parts = dict(zip(numbered.infos, numbered.parts, strict=True))
    empty = [nobody(parts[one.info], book.peers) for one in told]
    without = idle(iter(book.policies), book.peers)
    if any(pod.mesh is not None for pod in cluster.pods):
        mesh = compile_program(cluster, options).mesh
        assert mesh is not None
        of_mesh, more, for_nobody, bare, of_ports = _of_mesh(mesh)
        ports.append(of_ports)
        told, empty = [*told, *of_mesh], [*empty, *more]
        without, unprotected = [*without, *for_nobody], [*unprotected, *bare]
    rules = tuple(told)
    told_ports = ports[0], ports[-1]
    return Algebra(rules, tuple(empty), tuple(without), tuple(unprotected), axis, told_ports)


def _of_mesh(
    mesh: MeshProgram,
) -> tuple[list[RuleTold], list[Nobody], list[Policy], list[Protection], dict[int, str]]:
    """A mesh's rules are needed where they are in any circumstance."""
    compiler = mesh.compiler
    several: list[Weighed] = []
    selecting: list[list[bool]] = []
    unprotected: list[Protection] = []
    for given in _circumstances(mesh):
        book = compiler.rulebook(given)
        numbered = number_written(book.rules, book.stages)
        laid = lay_out(Direction.INGRESS, book)
        real = before_proxies(book.axis, by_waypoint=given.by_waypoint)
        several.append(weigh(laid, real, numbered, only_tcp=True))
        selecting.append([nobody(parts, book.peers).subject for parts in numbered.parts])
        if not unprotected and not given.by_waypoint:
            unprotected = protection(book.axis, laid, numbered, "mesh")
    which = range(len(numbered.infos))
    written = _by_key(compiler.policies)
    told = tell(numbered, together(several), book.decisions.known, which, "mesh", written)
    empty = [Nobody(subject=all(each)) for each in zip(*selecting, strict=True)]
    return told, empty, idle(iter(book.policies), book.peers), unprotected, named_classes(book.ports)


def _by_key(policies: Iterable[Policy]) -> dict[Key, list[Rule]]:
    """What each rule as written is made of."""
    found: dict[Key, list[Rule]] = {}
    for policy in policies:
        for direction in Direction:
            for rule in policy.rules(direction):
                key = str(policy), direction, label_of(rule.label), rule.source
                found.setdefault(key, []).append(rule)
    return found


def _circumstances(mesh: MeshProgram) -> Iterator[Circumstance]:
    by_whom = (False, True)[: 1 + mesh.questions.at_waypoints]
    for by_waypoint, client, carried in product(by_whom, CLIENTS, CARRIED):
        yield Circumstance(client, carried, by_waypoint=by_waypoint)

"""From a cluster with a mesh to the mesh's part of a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Tables, UInt8
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.members import Listing
from flowcheck.compile.mesh.circumstances import Circumstance, Questions
from flowcheck.compile.mesh.ends import (
    MeshEnds,
    Spoken,
    differing,
    of_pods,
    past_alike,
    past_of,
    spoken_where,
    told_apart,
)
from flowcheck.compile.mesh.outside import WITHOUT_SAY, options_of
from flowcheck.compile.mesh.program import CARRIED, CLIENTS, MeshProgram
from flowcheck.compile.mesh.tables import MeshCompiler, let_through
from flowcheck.compile.rules.decisions import Decision, RuleInfo, written_rules
from flowcheck.compile.rules.directions import Rulebook
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy
from flowcheck.model.tiers import Layer


class Seen(NamedTuple):
    """The ends on the axis as a mesh's policies see them, each (ends,): client uint8, own int32 and differ
    uint8 as in MeshEnds; ``alike`` int32: nothing tells those of one number apart. ``identities``: by their
    numbers in own."""

    policies: tuple[Policy, ...]
    client: UInt8
    own: Int32
    differ: UInt8
    alike: Int32
    identities: tuple[str, ...]
    spoken: Spoken


def see(axis: Axis, cluster: Cluster, options: Options, listings: Sequence[Listing]) -> Seen | None:
    """None where no pod is in a mesh."""
    if all(pod.mesh is None for pod in cluster.pods):
        return None
    own_policies = (policy for policy in cluster.policies if policy.tier.layer is Layer.MESH)
    policies = (*WITHOUT_SAY, *own_policies)
    rulebook = Rulebook.of(axis, cluster, policies, options_of(options))
    client, own, identities = of_pods(axis, cluster)
    spoken, differ = spoken_where(axis, listings), differing(axis, listings)
    beside = [client.astype(np.int32), own, spoken.alike, differ.astype(np.int32), past_alike(axis)]
    alike = told_apart(axis, rulebook, policies, beside)
    return Seen(policies, client, own, differ, alike, identities, spoken)


class Mesh(NamedTuple):
    """``decisions`` and ``rules``: what comes after those of network policies in the whole program's lists;
    ``decisions`` with those of rules that say that the mesh has no say."""

    program: MeshProgram
    decisions: tuple[Decision, ...]
    rules: tuple[RuleInfo, ...]


def build_mesh(
    axis: Axis,
    cluster: Cluster,
    options: Options,
    seen: Seen,
    alike: Int32,
    whole: Tables,
    listings: Sequence[Listing],
    n_before: int,
) -> Mesh:
    """``alike`` (endpoints,) int32: that of ``seen``, of all endpoints; ``whole``: the tables of network
    policies; ``n_before``: how many decisions these have.

    **Raises**: CompileError when the decisions of both are too many to be told apart.
    """
    questions = Questions.of(seen.policies)
    first = np.unique(seen.alike, return_index=True)[1].astype(np.int32)
    like = first[alike]
    like[: len(seen.alike)] = np.arange(len(seen.alike))
    compiler = MeshCompiler(
        axis, cluster, options_of(options), seen.policies, questions, listings, whole, like
    )
    clients = CLIENTS if questions.identities else CLIENTS[:1]
    carried = CARRIED if questions.tells_carried else CARRIED[:1]
    tables = {
        one: compiler.tables(one)
        for one in (
            Circumstance(client, as_, by_waypoint=by)
            for by in (False, True)[: 1 + questions.at_waypoints]
            for client in clients
            for as_ in carried
        )
    }
    decisions = compiler.all_decisions()
    program = MeshProgram(
        compiler=compiler,
        questions=questions,
        n_decisions=len(decisions.verdict),
        offset=n_before - a.FIRST_RULE_DECISION,
        verdict_in_tables=let_through(decisions.verdict),
        reason=decisions.reason,
        identities=seen.identities,
        ends=MeshEnds(
            seen.client[like], seen.own[like], seen.differ[like], like, past_of(axis), *seen.spoken[:2]
        ),
        tables=tables,
    )
    rules = written_rules(compiler.rules)[len(WITHOUT_SAY) :]
    return Mesh(program, decisions.listed()[a.FIRST_RULE_DECISION :], rules)

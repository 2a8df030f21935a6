"""One direction of all policies: rules become sets and rows, those become classes, and those a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import DirectionTable, Int32, Rows, UInt64
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules.aims import Aims, spoken_of
from flowcheck.compile.rules.bitset import SetPool
from flowcheck.compile.rules.classes import build_table
from flowcheck.compile.rules.decisions import Decisions, NumberedRule, number_rules
from flowcheck.compile.rules.epochs import Epochs, build_epochs
from flowcheck.compile.rules.isolation import Isolation, Stages
from flowcheck.compile.rules.outcome.numbered import number_written
from flowcheck.compile.rules.outcome.outcomes import Decider
from flowcheck.compile.rules.peers import PeerIndex
from flowcheck.compile.rules.ports import PortClasses, build_port_classes
from flowcheck.compile.rules.rows import RowBuilder
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.compile.rules.settled import DOUBTS, as_peer, judged_as, settled
from flowcheck.compile.rules.sources import SourceClasses, build_source_classes
from flowcheck.compile.rules.subjects import Partition, Subjects, partition
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy


class Rulebook(NamedTuple):
    """What both directions are compiled from. ``policies`` and ``rules`` are in the order they are asked;
    ``decisions`` grow as default denies come up; ``no_subject`` is that of who has no policies at all."""

    axis: Axis
    policies: Sequence[Policy]
    rules: Sequence[NumberedRule]
    decisions: Decisions
    epochs: Epochs
    peers: PeerIndex
    aims: Aims
    ports: PortClasses
    sources: SourceClasses
    stages: Stages
    options: Options
    no_subject: int = a.NO_SUBJECT

    @classmethod
    def of(
        cls,
        axis: Axis,
        cluster: Cluster,
        written: Sequence[Policy],
        options: Options,
        decisions: Decisions | None = None,
        no_subject: int = a.NO_SUBJECT,
    ) -> Rulebook:
        """Of some of a cluster's policies, in the order of the input. ``decisions``: those of the same rules
        under other circumstances, to be numbered alike."""
        in_force = [policy for policy in written if options.staged or not policy.staged]
        policies = sorted(in_force, key=lambda policy: (policy.order, policy.lifetime.start))
        place_of = {id(policy): place for place, policy in enumerate(written)}
        places = [place_of[id(policy)] for policy in policies]
        rules = number_rules(policies)
        decisions = decisions or Decisions.of(policies, rules)
        index = SelectorIndex(axis, cluster)
        aims = Aims(axis, cluster, index, options)
        return cls(
            axis=axis,
            policies=policies,
            rules=rules,
            decisions=decisions,
            epochs=build_epochs(policies, places, options.skew, options.policies_at, cluster.known_until),
            peers=PeerIndex(axis, cluster, index, options),
            aims=aims,
            ports=build_port_classes(spoken_of(policies, aims)),
            sources=build_source_classes(rules),
            stages=Stages(policies, options, decisions),
            options=options,
            no_subject=no_subject,
        )


class CompiledDirection(NamedTuple):
    """``rows`` over ``sets`` (sets, words) uint64 are what the table was filled from; subject, peer
    (endpoints,) int32: the classes it goes by."""

    sets: UInt64
    rows: Rows
    subject: Int32
    peer: Int32
    table: DirectionTable


class LaidOut(NamedTuple):
    """One direction, laid out but not decided: its ``rows`` over ``sets`` (sets, words) uint64; subjects and
    peers by class; ``settle`` and ``decider`` as :func:`~flowcheck.compile.rules.classes.build_table` takes
    them."""

    sets: UInt64
    rows: Rows
    subjects: Subjects
    peers: Partition
    settle: Callable[[int, int], int]
    decider: Decider


def lay_out(direction: Direction, rulebook: Rulebook) -> LaidOut:
    """Rules as rows and sets, and those as classes."""
    pool = SetPool(len(rulebook.axis.endpoints))
    peers, stages = rulebook.peers, rulebook.stages
    isolation = Isolation(direction, rulebook.policies, peers, stages)
    builder = RowBuilder(peers, rulebook.ports, rulebook.aims, stages, pool)
    own = [rule for rule in rulebook.rules if rule.direction is direction]
    rows, policy_of_row = builder.build(own, isolation, rulebook.decisions)
    isolated = isolation.sets(pool)
    sets = pool.matrix()

    kinds = judged_as(rulebook.axis)
    versions = {number: end.versions for number, end in enumerate(rulebook.axis.endpoints) if end.versions}
    subjects = partition(sets, np.append(rows.subject, isolated), kinds).mixed(versions)
    classes = partition(sets, rows.peer, as_peer(kinds, rulebook.options)).mixed(versions)
    allows = rulebook.sources.allows(rows.decision)
    asked = Subjects(
        subjects, rows, policy_of_row, sets, isolation.policies, isolated, rulebook.epochs, allows
    )
    numbered = number_written(rulebook.rules, stages) if rulebook.options.alternatives else None
    decider = Decider(rulebook.ports, rulebook.decisions, stages.defaults, numbered)
    settle = settled(kinds, direction, rulebook.options, rulebook.no_subject)
    return LaidOut(sets, rows, asked, classes, settle, decider)


def compile_direction(direction: Direction, rulebook: Rulebook) -> CompiledDirection:
    """Raises: CompileError when the table would not fit."""
    sets, rows, subjects, peers, settle, decider = lay_out(direction, rulebook)
    budget = rulebook.options.max_table
    table = build_table(sets, subjects, peers, settle, decider, DOUBTS[direction], budget)
    return CompiledDirection(sets, rows, subjects.part.class_of, peers.class_of, table)

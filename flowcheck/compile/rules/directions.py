"""One direction of all policies: rules become sets and rows, those become classes, and those a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import DirectionTable, Int32, Rows, UInt64
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.rules.bitset import SetPool
from flowcheck.compile.rules.classes import Decider, build_table
from flowcheck.compile.rules.decisions import Decisions, NumberedRule, number_rules
from flowcheck.compile.rules.epochs import Epochs, build_epochs
from flowcheck.compile.rules.isolation import Isolation, stage_defaults
from flowcheck.compile.rules.ports import PortClasses, build_port_classes
from flowcheck.compile.rules.rows import NamedPorts, RowBuilder, port_ranges
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.compile.rules.settled import DOUBTS, as_peer, judged_as, settled
from flowcheck.compile.rules.subjects import Subjects, partition
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy


class Rulebook(NamedTuple):
    """What both directions are compiled from. ``policies`` and ``rules`` are in the order they are asked;
    ``decisions`` grow as default denies come up."""

    axis: Axis
    policies: Sequence[Policy]
    rules: Sequence[NumberedRule]
    decisions: Decisions
    epochs: Epochs
    selectors: SelectorIndex
    named: NamedPorts
    ports: PortClasses
    options: Options

    @classmethod
    def of(cls, axis: Axis, cluster: Cluster, options: Options) -> Rulebook:
        policies = sorted(cluster.policies, key=lambda policy: (policy.order, policy.lifetime.start))
        place_of = {id(policy): place for place, policy in enumerate(cluster.policies)}
        places = [place_of[id(policy)] for policy in policies]
        rules = number_rules(policies)
        named = NamedPorts(axis)
        return cls(
            axis=axis,
            policies=policies,
            rules=rules,
            decisions=Decisions(policies, rules),
            epochs=build_epochs(policies, places, options.skew, options.policies_at, cluster.known_until),
            selectors=SelectorIndex(axis, cluster),
            named=named,
            ports=build_port_classes(port_ranges(policies, named)),
            options=options,
        )


class CompiledDirection(NamedTuple):
    """``rows`` over ``sets`` (sets, words) uint64 are what the table was filled from; subject, peer
    (endpoints,) int32: the classes it goes by."""

    sets: UInt64
    rows: Rows
    subject: Int32
    peer: Int32
    table: DirectionTable


def compile_direction(direction: Direction, rulebook: Rulebook) -> CompiledDirection:
    """Raises: CompileError when the table would not fit."""
    pool = SetPool(len(rulebook.axis.endpoints))
    builder = RowBuilder(rulebook.selectors, rulebook.ports, rulebook.named, rulebook.options, pool)
    rows = builder.build([rule for rule in rulebook.rules if rule.direction is direction])
    isolation = Isolation(direction, rulebook.policies, rulebook.selectors)
    isolated = isolation.sets(pool)
    sets = pool.matrix()

    kinds = judged_as(rulebook.axis)
    versions = {number: end.versions for number, end in enumerate(rulebook.axis.endpoints) if end.versions}
    subjects = partition(sets, np.append(rows.subject, isolated), kinds).mixed(versions)
    peers = partition(sets, rows.peer, as_peer(kinds)).mixed(versions)

    policy_of_rule = np.array([rule.policy_number for rule in rulebook.rules], dtype=np.int32)
    policy_of_row = policy_of_rule[rows.decision - a.FIRST_RULE_DECISION]
    asked = Subjects(subjects, rows, policy_of_row, sets, isolation.policies, isolated, rulebook.epochs)
    decider = Decider(rulebook.ports, rulebook.decisions, stage_defaults(rulebook.options))
    table = build_table(sets, asked, peers, settled(kinds, direction), decider, DOUBTS[direction])
    return CompiledDirection(sets, rows, subjects.class_of, peers.class_of, table)

"""The steps from a cluster to a program, in order: axis, sets and rows, classes, tables, words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Tables
from flowcheck.compile.backends import list_service_ports
from flowcheck.compile.endpoints.addresses import build_table as build_address_table
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.endpoints.beside import beside_pods
from flowcheck.compile.endpoints.names import locate_addresses, name_endpoints, node_names
from flowcheck.compile.endpoints.pods import build_axis, timed_table
from flowcheck.compile.endpoints.virtual import port_table
from flowcheck.compile.program import Decision, Program, RuleInfo, Truth
from flowcheck.compile.rules import bitset
from flowcheck.compile.rules.classes import Decider, build_table
from flowcheck.compile.rules.epochs import build_epochs
from flowcheck.compile.rules.isolation import Isolation, stage_defaults
from flowcheck.compile.rules.ports import build_port_classes
from flowcheck.compile.rules.rows import NamedPorts, NumberedRule, RowBuilder, port_ranges
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.compile.rules.subjects import Partition, Subjects, partition
from flowcheck.compile.translation import build_services
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Action, AddressBlock, Direction, Policy
from flowcheck.model.verdict import Reason


def compile_program(cluster: Cluster, options: Options = Options()) -> Program:  # noqa: B008 - frozen
    """Compile a cluster and its policies into bitset matrices and decision tables.

    **Raises**: CompileError when a table would not fit, or a rule cannot be expressed.
    """
    cluster = cluster.unchanged_for(options.assume_unchanged)
    policies = sorted(cluster.policies, key=lambda policy: (policy.order, policy.lifetime.start))
    axis = axis_of(cluster, options)
    index = SelectorIndex(axis, cluster)
    rules = _number_rules(policies)
    isolation = Isolation(policies, index, first_decision=a.FIRST_RULE_DECISION + len(rules))
    named = NamedPorts(axis)
    ports = build_port_classes(port_ranges(policies, named))
    pool = bitset.SetPool(len(axis.endpoints))
    builder = RowBuilder(index, ports, named, options, pool)
    rows = {d: builder.build([r for r in rules if r.direction is d]) for d in Direction}
    isolated = {d: isolation.sets(d, pool) for d in Direction}
    sets = pool.matrix()

    kinds = _judged_as(axis)
    place_of = {id(policy): place for place, policy in enumerate(cluster.policies)}
    places = [place_of[id(policy)] for policy in policies]
    epochs = build_epochs(policies, places, options.skew, options.policies_at, cluster.known_until)
    policy_of_rule = _policy_of_rule(policies, rules)
    versions = {number: end.versions for number, end in enumerate(axis.endpoints) if end.versions}
    parts = {
        d: partition(sets, np.append(rows[d].subject, isolated[d]), kinds).mixed(versions) for d in Direction
    }
    subjects = {
        d: Subjects(
            d,
            parts[d],
            rows[d],
            policy_of_rule[rows[d].decision - a.FIRST_RULE_DECISION],
            sets,
            isolation,
            epochs,
        )
        for d in Direction
    }
    peers = {d: partition(sets, rows[d].peer, _as_peer(kinds)).mixed(versions) for d in Direction}
    decisions = _fixed_decisions() + _rule_decisions(rules)
    for d in Direction:
        subjects[d].number_defaults()
    decisions += isolation.decisions()
    verdict = np.array([d.verdict for d in decisions], dtype=np.uint8)
    reason = np.array([d.reason for d in decisions], dtype=np.uint8)
    decider = Decider(ports, verdict, reason, stage_defaults(options))
    doubts = {
        Direction.EGRESS: (a.REASON_AMBIGUOUS_SRC, a.REASON_AMBIGUOUS_DST),
        Direction.INGRESS: (a.REASON_AMBIGUOUS_DST, a.REASON_AMBIGUOUS_SRC),
    }
    tables = {
        d: build_table(sets, subjects[d], peers[d], _special(kinds, d), decider, doubts[d]) for d in Direction
    }

    facts = _facts(axis, parts, peers)
    naming = name_endpoints(axis, facts, options.skew)
    listings = list_service_ports(axis, cluster, options.skew)
    return Program(
        tables=Tables(
            addresses=build_address_table(axis.owners),
            timed=timed_table(axis),
            shared=port_table(axis, len(naming.facts)),
            services=build_services(axis, cluster, listings, naming.facts, options.skew),
            endpoints=naming.facts,
            epoch_start=np.array([epoch.start for epoch in epochs.epochs], dtype=np.int64),
            port_class=ports.class_of,
            other_port=ports.other,
            ingress=tables[Direction.INGRESS],
            egress=tables[Direction.EGRESS],
            verdict=verdict,
            reason=reason,
        ),
        truth=Truth(sets, rows[Direction.INGRESS], rows[Direction.EGRESS]),
        decisions=tuple(decisions),
        rules=tuple(_info(rule) for rule in rules),
        endpoint_names=naming.names,
        groups=naming.groups,
        namespaces=naming.namespaces,
        by_pod=naming.by_pod,
        by_uid=naming.by_uid,
        by_workload=naming.by_workload,
        places=naming.places,
        beside_pod=beside_pods(axis),
        service_ports=tuple((axis.services[one.service], one.port) for one in listings),
        unresolved=axis.unresolved,
        options=options,
        cluster=cluster,
        nodes=node_names(axis),
        located=locate_addresses(axis, cluster),
    )


def axis_of(cluster: Cluster, options: Options) -> Axis:
    """The endpoint axis of a cluster: what the endpoint numbers of its program stand for."""
    return build_axis(cluster, _blocks(cluster.policies), options.skew, options.cluster_ranges)


def _blocks(policies: Sequence[Policy]) -> list[AddressBlock]:
    rules = [rule for policy in policies for rule in (*policy.ingress, *policy.egress)]
    return [peer for rule in rules for peer in rule.peers or () if isinstance(peer, AddressBlock)]


def _number_rules(policies: Sequence[Policy]) -> list[NumberedRule]:
    """Rules in the order they are asked; rule ``r`` is decision FIRST_RULE_DECISION + r."""
    in_order = [
        (policy, rule, direction)
        for policy in policies
        for direction in Direction
        for rule in policy.rules(direction)
    ]
    return [
        NumberedRule(policy, rule, direction, a.FIRST_RULE_DECISION + number)
        for number, (policy, rule, direction) in enumerate(in_order)
    ]


def _policy_of_rule(policies: Sequence[Policy], rules: Sequence[NumberedRule]) -> Int32:
    """(rules,) int32: the policy of each rule."""
    numbers = {id(policy): number for number, policy in enumerate(policies)}
    return np.array([numbers[id(rule.policy)] for rule in rules], dtype=np.int32)


def _info(numbered: NumberedRule) -> RuleInfo:
    policy, rule = numbered.policy, numbered.rule
    return RuleInfo(
        policy=str(policy),
        label=rule.label,
        tier=policy.tier.name,
        direction=numbered.direction,
        action=rule.action.value,
        source=rule.source,
    )


def _fixed_decisions() -> list[Decision]:
    fixed = [
        Decision(a.NOT_APPLICABLE),
        Decision(a.ALLOW),
        Decision(a.ALLOW),
        Decision(a.ALLOW),
        Decision(a.DENY),
        *(Decision(a.UNKNOWN, reason) for reason in range(len(Reason))),
    ]
    return fixed + [Decision(a.NOT_APPLICABLE)] * (a.FIRST_RULE_DECISION - len(fixed))


def _rule_decisions(rules: Sequence[NumberedRule]) -> list[Decision]:
    verdicts = {Action.ALLOW: a.ALLOW, Action.DENY: a.DENY, Action.PASS: a.NOT_APPLICABLE}
    return [
        Decision(
            verdicts[numbered.rule.action],
            text=(name := f"{numbered.policy}[{numbered.rule.label}]"),
            policies=(name,),
            sources=(numbered.rule.source,),
        )
        for numbered in rules
    ]


_UNLISTED = 1 + a.KIND_TIMED
"""What may be a Service's address: as a source it is an address outside."""


def _judged_as(axis: Axis) -> Int32:
    """The kinds that policies are asked with: a secondary interface is an address outside, a Service's own
    address is nobody's, and nobody is timed."""
    kinds = np.array([e.kind for e in axis.endpoints], dtype=np.int32)
    kinds[kinds == a.KIND_SECONDARY] = a.KIND_BLOCK
    kinds[kinds > a.KIND_AMBIGUOUS] = a.KIND_UNRESOLVED
    kinds[[e.unlisted for e in axis.endpoints]] = _UNLISTED
    return kinds


def _as_peer(kinds: Int32) -> Int32:
    """Pods, nodes and blocks may share a peer class; unresolved and ambiguous ones are apart."""
    return np.where(kinds <= a.KIND_BLOCK, 0, kinds).astype(np.int32)


def _special(kinds: Int32, direction: Direction):  # type: ignore[no-untyped-def]
    """Decisions that do not depend on rows: an end that is not known, or a subject without policies.

    The source's doubt is named before the destination's. An endpoint of -1 is "any that is fine".
    """
    sources = {a.KIND_UNRESOLVED: a.REASON_UNRESOLVED_SRC, a.KIND_AMBIGUOUS: a.REASON_AMBIGUOUS_SRC}
    destinations = {
        a.KIND_UNRESOLVED: a.REASON_UNRESOLVED_DST,
        a.KIND_AMBIGUOUS: a.REASON_AMBIGUOUS_DST,
        _UNLISTED: a.REASON_NO_SERVICE,
    }

    def special(subject: int, peer: int) -> int:
        subject_kind = int(kinds[subject]) if subject >= 0 else a.KIND_POD
        peer_kind = int(kinds[peer]) if peer >= 0 else a.KIND_POD
        ends = (subject_kind, peer_kind) if direction is Direction.EGRESS else (peer_kind, subject_kind)
        reason = sources.get(ends[0]) or destinations.get(ends[1])
        if reason:
            return a.UNKNOWN_DECISION + reason
        return a.NO_SUBJECT if subject_kind != a.KIND_POD else -1

    return special


def _facts(axis: Axis, subjects: dict[Direction, Partition], peers: dict[Direction, Partition]) -> Int32:
    """(endpoints, 8) int32 without groups, which :mod:`flowcheck.compile.endpoints.names` numbers."""
    facts = np.zeros((len(axis.endpoints), 8), dtype=np.int32)
    facts[:, a.INGRESS_SUBJECT] = subjects[Direction.INGRESS].class_of
    facts[:, a.INGRESS_PEER] = peers[Direction.INGRESS].class_of
    facts[:, a.EGRESS_SUBJECT] = subjects[Direction.EGRESS].class_of
    facts[:, a.EGRESS_PEER] = peers[Direction.EGRESS].class_of
    facts[:, a.POD] = [e.pod for e in axis.endpoints]
    facts[:, a.NODE] = [e.node for e in axis.endpoints]
    facts[:, a.KIND] = [e.kind for e in axis.endpoints]
    return facts

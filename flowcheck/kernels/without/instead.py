"""What decides in the place of rules: where one is never asked, who decides first; where it is, who would."""

from __future__ import annotations

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Rows, UInt8, UInt64
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.rows import MOST_WAYS, first_reason, next_way, read_list, walk, yes
from flowcheck.kernels.without.weighing import (
    Lists,
    RuleOf,
    Work,
    add_pair,
    leave_out,
    rule_of_decision,
    weigh_cell,
)

MATCHED, REACHED = 1, 2
"""Bits of what is known of a rule: some cell is one that it is about; and there nothing decides before it."""
_REACHED, _NOT_ABOUT = -1, -2


@kernel
def _first_of(
    rows: Rows,
    rule_of: Int32,
    chosen: Int32,
    n_chosen: int,
    defaults: Int32,
    port: int,
    work: Work,
    rule: int,
) -> int:
    """What decides before a rule is asked, or passes it over: a decision; _REACHED: nothing; _NOT_ABOUT: the
    rule is not about this cell."""
    answers, asked = work.answers, work.asked
    place = -1
    for i in range(n_chosen):
        row = chosen[i]
        if rule_of[row] != rule or not rows.first_port[row] <= port < rows.last_port[row]:
            continue
        if yes(rows.subject_if[row], answers, asked) and yes(rows.peer_if[row], answers, asked):
            place = i
            break
    if place < 0:
        return _NOT_ABOUT
    at = 0
    last = rows.stage[chosen[place]]
    for stage in range(last + 1):
        passed = -1
        while at < place and rows.stage[chosen[at]] == stage:
            row = chosen[at]
            at += 1
            if passed >= 0 or not rows.first_port[row] <= port < rows.last_port[row]:
                continue
            if not yes(rows.subject_if[row], answers, asked) or not yes(rows.peer_if[row], answers, asked):
                continue
            decision: int = rows.decision[row]
            if rows.action[row] != a.ACTION_PASS:
                return decision
            passed = decision
        if stage == last:
            return passed if passed >= 0 else _REACHED
        default: int = defaults[stage]
        if default != -1 and passed < 0:
            return default
    return _REACHED


@kernel
def trace_lists(
    rows: Rows,
    rule_of: RuleOf,
    lists: Lists,
    chosen: Int32,
    wanted: UInt8,
    found: UInt8,
    work: Work,
    before: UInt64,
    instead: UInt64,
) -> None:
    """Of the ``wanted`` (rules,) uint8, in all lists that are for anybody: ``found`` (rules,) uint8 gains
    MATCHED and REACHED; ``before`` a pair of each rule that is not reached and what decides first,
    ``instead`` of each rule and what decides without it. For pairs see ``add_pair``."""
    answers, asked = work.answers, work.asked
    for node in range(lists.ends.shape[0]):
        if lists.ends[node, 0] < 0:
            continue
        n_chosen = read_list(lists.nodes, node, chosen)
        n_touched = 0
        for i in range(n_chosen):
            rule = rule_of.row[chosen[i]]
            if rule >= 0 and wanted[rule] and work.seen[rule] == 0:
                work.seen[rule] = 1
                work.touched[n_touched] = rule
                n_touched += 1
        for i in range(n_touched):
            rule = work.touched[i]
            work.seen[rule] = 0
            n_kept = leave_out(rule_of.row, chosen, n_chosen, rule, work.kept)
            for port in range(lists.n_ports):
                defaults = lists.other_defaults if port >= lists.portless else lists.defaults
                ways = 0
                while ways <= MOST_WAYS:
                    ways += 1
                    first = _first_of(rows, rule_of.row, chosen, n_chosen, defaults, port, work, rule)
                    if first != _NOT_ABOUT:
                        found[rule] |= MATCHED
                        if first == _REACHED:
                            found[rule] |= REACHED
                        else:
                            add_pair(before, rule, first)
                        other = walk(rows, work.kept, n_kept, defaults, port, answers, asked)
                        add_pair(instead, rule, other)
                    if not next_way(answers, asked):
                        break
                answers[:] = -1
                asked[0] = 0


@kernel
def alternatives(
    rows: Rows,
    rule_of: RuleOf,
    lists: Lists,
    places: Int64,
    decided: Int32,
    chosen: Int32,
    verdict: UInt8,
    known: UInt8,
    work: Work,
    pairs: UInt64,
    out: Int32,
) -> None:
    """For every list and port, what would be decided without the rule that decides: out (lists, ports) int32.

    -1 where no rule does; unknown where that hangs on something. places (nodes,) int64: the number of each
    node's list, -1 of none. decided (lists, ports) int32: what is, as ``decide_lists`` says it. known
    (rules,) uint8: zeros; pairs: empty."""
    for node in range(places.size):
        at = places[node]
        if at < 0:
            continue
        n_chosen = read_list(lists.nodes, node, chosen)
        for port in range(lists.n_ports):
            out[at, port] = -1
            decision = decided[at, port]
            rule = rule_of_decision(rule_of, decision)
            if rule < 0:
                continue
            defaults = lists.other_defaults if port >= lists.portless else lists.defaults
            ways, n_touched, _ = weigh_cell(
                rows, rule_of, chosen, n_chosen, defaults, port, verdict, known, work, pairs
            )
            # Of whatever decides in some way of answering the questions: does the verdict hang on that rule?
            changed, open_ = 0, ways == 0
            for i in range(n_touched):
                one = work.touched[i]
                if one == rule:
                    changed = work.changed[one]
                work.changed[one] = 0
                work.seen[one] = 0
            if open_ or 0 < changed < ways:
                out[at, port] = a.UNKNOWN_DECISION + first_reason(rows, chosen, n_chosen, port)
            else:
                out[at, port] = work.said[1]


@kernel
def real_ends(
    subjects: Int32,
    starts: Int64,
    peers: Int32,
    node_of: Int64,
    skip: UInt8,
    traits: Int32,
    own_free: bool,
    ends: Int32,
) -> None:
    """For one subject class, a subject and a peer that each list is for: ends (lists, 2) int32, -1 there are
    none.

    subjects (n,) int32: the members of the class; peers: those of all peer classes, of class ``p`` from
    starts[p] on. node_of (classes,) int64: the list of each; skip (classes,) uint8: 1 of those that no policy
    is asked about. traits (endpoints, 5) int32: address families as bits; the pod, -1 none in particular; the
    node; 1 of a node, 2 of one as its own pods see it; 1 of what has any address. own_free: what a pod and
    its node send one another is asked as all else is."""
    ends[:] = -1
    for p in range(node_of.size):
        list_ = node_of[p]
        if skip[p] or ends[list_, 0] >= 0:
            continue
        for at in range(starts[p], starts[p + 1]):
            peer = peers[at]
            if traits[peer, 4] == 0:
                continue
            for subject in subjects:
                if _is_real(traits, subject, peer, own_free):
                    ends[list_, 0], ends[list_, 1] = subject, peer
                    break
            if ends[list_, 0] >= 0:
                break


@kernel
def _is_real(traits: Int32, subject: int, peer: int, own_free: bool) -> bool:
    """Whether policies are asked about these two."""
    if traits[subject, 0] & traits[peer, 0] == 0 or traits[subject, 4] == 0:
        return False
    if traits[subject, 1] >= 0 and traits[subject, 1] == traits[peer, 1]:
        return False
    own = traits[subject, 2] >= 0 and traits[subject, 2] == traits[peer, 2] and traits[subject, 3] == 0
    if traits[peer, 3] == 2:
        return bool(own)
    return own_free or traits[peer, 3] != 1 or not own

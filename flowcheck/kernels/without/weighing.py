"""What would be decided without a rule: for lists of rows as :mod:`flowcheck.kernels.rows` walks them.

Only the rule that decides, and rules that pass on, can change a verdict by their absence, so no other is
left out. Where rows hang on questions that nobody answered, every way of answering them is tried, with the
rule and without it in the same way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int8, Int32, Int64, Rows, UInt8, UInt32, UInt64
from flowcheck.kernels.hashing import mix
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.rows import MOST_WAYS, first_reason, next_way, read_list, walk

SURELY, PERHAPS = 1, 2
"""Bits of what is known of a rule: in some cell its absence changes the verdict, whatever the answers to open
questions; and for some answers."""


class RuleOf(NamedTuple):
    """Rules by number, -1 none: row (rows,), decision (decisions,) int32; stage (rules,) int32 in which each
    is asked."""

    row: Int32
    decision: Int32
    stage: Int32


class Work(NamedTuple):
    """Room for one cell. answers (questions,) int8, -1; asked (questions,) int32: see ``walk``. kept (rows,)
    int32. later (stages,) int32. touched, changed, seen (rules,) int32: rules left out, and the last two,
    by rule, 0: in how many ways that changed the verdict, and the last way in which it was tried. said (2,)
    int32: what is decided with every answer a no, and then without the rule that does; -1 none."""

    answers: Int8
    asked: Int32
    kept: Int32
    later: Int32
    touched: Int32
    changed: Int32
    seen: Int32
    said: Int32


class Lists(NamedTuple):
    """Lists of one subject class: nodes (n, 2) int64 as from ``match_peers``. ends (n, 2) int32: of each
    list, a subject and a peer that it is for; -1 there are none. defaults, other_defaults (stages,) int32;
    ports after ``portless`` are of protocols without. n_ports: how many are asked."""

    nodes: Int64
    ends: Int32
    defaults: Int32
    other_defaults: Int32
    portless: int
    n_ports: int


@kernel
def leave_out(rule_of: Int32, chosen: Int32, n_chosen: int, rule: int, kept: Int32) -> int:
    """Write the rows that are not a rule's to ``kept``; returns how many there are."""
    n = 0
    for i in range(n_chosen):
        if rule_of[chosen[i]] != rule:
            kept[n] = chosen[i]
            n += 1
    return n


@kernel
def rule_of_decision(rule_of: RuleOf, decision: int) -> int:
    """-1 of what is no rule's; default denies come up after all rules are numbered."""
    if decision >= rule_of.decision.size:
        return -1
    rule: int = rule_of.decision[decision]
    return rule


@kernel
def weigh_cell(
    rows: Rows,
    rule_of: RuleOf,
    chosen: Int32,
    n_chosen: int,
    defaults: Int32,
    port: int,
    verdict: UInt8,
    known: UInt8,
    work: Work,
    pairs: UInt64,
) -> tuple[int, int, bool]:
    """Leave out each rule that might matter, one at a time. Returns in how many ways questions could be
    answered (0: too many), how many rules are in ``work.touched``, and whether the verdict with all rules is
    the same in every way. The caller resets ``changed`` and ``seen`` of those touched.

    known (rules,) uint8: of those with the bit SURELY nothing is asked. pairs: see :func:`add_pair`; gains
    what later tiers would have said otherwise than the deciding rule."""
    answers, asked = work.answers, work.asked
    ways, n_touched, same, first = 0, 0, True, 0
    while True:
        ways += 1
        decision = walk(rows, chosen, n_chosen, defaults, port, answers, asked)
        own = rule_of_decision(rule_of, decision)
        if ways == 1:
            first = decision
            work.said[0], work.said[1] = decision, -1
        same = same and verdict[decision] == verdict[first]
        if own >= 0 and pairs.size:
            later = _later(rows, chosen, n_chosen, defaults, rule_of.stage[own], port, work)
            if later != a.NO_POLICY and verdict[later] + verdict[decision] == a.ALLOW + a.DENY:
                add_pair(pairs, own, later)
        for i in range(-1, n_chosen):
            rule = own
            if i >= 0:
                row = chosen[i]
                if (
                    rows.action[row] != a.ACTION_PASS
                    or not rows.first_port[row] <= port < rows.last_port[row]
                ):
                    continue
                rule = rule_of.row[row]
            if rule < 0 or known[rule] & SURELY or work.seen[rule] == ways:
                continue
            if work.seen[rule] == 0:
                work.touched[n_touched] = rule
                n_touched += 1
            work.seen[rule] = ways
            n_kept = leave_out(rule_of.row, chosen, n_chosen, rule, work.kept)
            other = walk(rows, work.kept, n_kept, defaults, port, answers, asked)
            if verdict[other] != verdict[decision]:
                work.changed[rule] += 1
            if ways == 1 and i < 0:
                work.said[1] = other
        if ways > MOST_WAYS:
            answers[:] = -1
            asked[0] = 0
            return 0, n_touched, False
        if not next_way(answers, asked):
            return ways, n_touched, same


@kernel
def _later(
    rows: Rows, chosen: Int32, n_chosen: int, defaults: Int32, stage: int, port: int, work: Work
) -> int:
    """What the tiers after one would decide, with the defaults asked at their ends."""
    begin = n_chosen
    for i in range(n_chosen):
        if rows.stage[chosen[i]] > stage:
            begin = i
            break
    more = begin < n_chosen
    for one in range(defaults.size):
        work.later[one] = defaults[one] if one > stage else -1
        more = more or work.later[one] != -1
    if not more:
        return a.NO_POLICY
    found: int = walk(rows, chosen[begin:], n_chosen - begin, work.later, port, work.answers, work.asked)
    return found


@kernel
def add_pair(pairs: UInt64, rule: int, decision: int) -> None:
    """Add a rule and a decision to a set. pairs (n,) uint64, n a power of two: in the first word is how many
    there are; others are (rule + 1) << 32 | decision where they hash to, or 0."""
    if pairs[0] * np.uint64(2) >= np.uint64(pairs.size):
        return  # the caller sees that it is full, makes room and asks again
    key = np.uint64(rule + 1) << np.uint64(32) | np.uint64(decision)
    mask = np.uint64(pairs.size - 1)
    slot = mix(key) & mask
    while slot == 0 or (pairs[slot] != 0 and pairs[slot] != key):
        slot = (slot + np.uint64(1)) & mask
    if pairs[slot] == 0:
        pairs[slot] = key
        pairs[0] += np.uint64(1)


@kernel
def weigh_lists(
    rows: Rows,
    rule_of: RuleOf,
    lists: Lists,
    chosen: Int32,
    verdict: UInt8,
    known: UInt8,
    reasons: UInt32,
    witness: Int32,
    work: Work,
    pairs: UInt64,
) -> None:
    """Of all lists that are for anybody, by every port: which rules' absence changes the verdict.

    known (rules,) uint8 gains SURELY and PERHAPS; reasons (rules,) uint32 a bit for each reason why one may;
    in witness (rules, 4) int32 stand a subject, a peer and a port where it surely does.
    """
    n_rules = known.size
    for node in range(lists.ends.shape[0]):
        if lists.ends[node, 0] < 0:
            continue
        n_chosen = read_list(lists.nodes, node, chosen)
        for port in range(lists.n_ports):
            defaults = lists.other_defaults if port >= lists.portless else lists.defaults
            ways, n_touched, same = weigh_cell(
                rows, rule_of, chosen, n_chosen, defaults, port, verdict, known, work, pairs
            )
            for i in range(n_touched):
                rule = work.touched[i]
                changed = work.changed[rule]
                work.changed[rule] = 0
                work.seen[rule] = 0
                if changed == 0:
                    continue
                if changed == ways and same:
                    known[rule] |= SURELY
                    witness[rule, 0], witness[rule, 1] = lists.ends[node, 0], lists.ends[node, 1]
                    witness[rule, 2] = port
                else:
                    known[rule] |= PERHAPS
                    reasons[rule] |= np.uint32(1) << np.uint32(first_reason(rows, chosen, n_chosen, port))
            if ways == 0:
                why = np.uint32(1) << np.uint32(first_reason(rows, chosen, n_chosen, port))
                for i in range(n_chosen):
                    rule = rule_of.row[chosen[i]]
                    if 0 <= rule < n_rules:
                        known[rule] |= PERHAPS
                        reasons[rule] |= why

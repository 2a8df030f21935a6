"""Walk stages and rows for every (subject class, peer class, port class): fills the decision table.

The rule, for one subject and one peer: stages in order; within a stage the first row that matches
decides; if none did and the subject is isolated there, the stage's default decides; otherwise the next
stage; at the end: allow. Where rows hang on questions that nobody answered, every way of answering them is
tried: there is a verdict only where all give the same.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int8, Int32, Int64, Rows, UInt8
from flowcheck.kernels.jit import kernel

MOST_WAYS = 4096
"""More ways of answering the questions of one list than these leave its verdict open."""


@kernel
def walk(
    rows: Rows, chosen: Int32, n_chosen: int, defaults: Int32, port: int, answers: Int8, asked: Int32
) -> int:
    """Decide one list of matching rows for one port class.

    chosen (n_chosen,) int32: the rows whose subject and peer match, in order. defaults (stages,) int32: the
    decision of each stage's isolation, -1 where the subject is not isolated. answers (questions,) int8: 1
    yes, 0 no, -1 not asked so far, which becomes no. asked (questions,) int32: the questions in the order
    they were asked, as many as its first entry says.
    """
    at = 0
    for stage in range(defaults.size):
        passed = False
        while at < n_chosen and rows.stage[chosen[at]] == stage:
            row = chosen[at]
            at += 1
            if passed or not rows.first_port[row] <= port < rows.last_port[row]:
                continue
            if not yes(rows.subject_if[row], answers, asked) or not yes(rows.peer_if[row], answers, asked):
                continue
            if rows.action[row] != a.ACTION_PASS:
                decision: int = rows.decision[row]
                return decision
            passed = True
        default: int = defaults[stage]
        if default != -1 and not passed:
            return default
    return a.NO_POLICY


@kernel
def yes(question: int, answers: Int8, asked: Int32) -> bool:
    """The answer to a question, asked now if it was not before."""
    if question != 0 and answers[question] == -1:
        answers[question] = 0
        asked[0] += 1
        asked[asked[0]] = question
    return question == 0 or bool(answers[question] == 1)


@kernel
def next_way(answers: Int8, asked: Int32) -> bool:
    """Turn the last no into a yes and forget what was asked after it; False where every way was tried."""
    while asked[0] > 0 and answers[asked[asked[0]]] == 1:
        answers[asked[asked[0]]] = -1
        asked[0] -= 1
    more = bool(asked[0] > 0)
    if more:
        answers[asked[asked[0]]] = 1
    return more


@kernel
def first_reason(rows: Rows, chosen: Int32, n_chosen: int, port: int) -> int:
    """The reason of the first question that a row for this port hangs on."""
    for i in range(n_chosen):
        row = chosen[i]
        if rows.first_port[row] <= port < rows.last_port[row]:
            question = rows.subject_if[row] if rows.subject_if[row] != 0 else rows.peer_if[row]
            if question != 0:
                reason: int = rows.reason[question]
                return reason
    return 0


@kernel
def decide_ports(
    rows: Rows,
    chosen: Int32,
    n_chosen: int,
    defaults: Int32,
    other_defaults: Int32,
    portless: int,
    other_port: int,
    verdict: UInt8,
    out: Int32,
) -> None:
    """Decide one list of matching rows for every real port class: out (ports,) int32 up to ``other_port``.

    ``other_defaults`` are the defaults for protocols without ports, whose first class is ``portless``. Where
    all ways of answering the questions agree, the decision with every answer a no stands.
    """
    answers = np.full(rows.reason.size, -1, np.int8)
    asked = np.zeros(rows.reason.size, np.int32)
    for port in range(other_port + 1):
        fallback = other_defaults if port >= portless else defaults
        decision = walk(rows, chosen, n_chosen, fallback, port, answers, asked)
        same, ways = True, 1
        while same and next_way(answers, asked):
            other = walk(rows, chosen, n_chosen, fallback, port, answers, asked)
            ways += 1
            same = verdict[other] == verdict[decision] and ways <= MOST_WAYS
        if not same:
            decision = a.UNKNOWN_DECISION + first_reason(rows, chosen, n_chosen, port)
            answers[:] = -1
            asked[0] = 0
        out[port] = decision


@kernel
def decide_missing_ports(out: Int32, slot_starts: Int64, other_port: int, verdict: UInt8) -> None:
    """The pseudo classes: a flow whose port, or ICMP type, was not recorded. If all numbers of the protocol
    agree, so does the flow; otherwise it is unknown, for the reason they share if they do. slot_starts
    (slots + 1,) int64: the port classes of protocol slot ``s`` are ``slot_starts[s]:slot_starts[s + 1]``.
    """
    for slot in range(slot_starts.size - 1):
        first = out[slot_starts[slot]]
        decision = first
        for port in range(slot_starts[slot], slot_starts[slot + 1]):
            open_otherwise = verdict[first] == a.UNKNOWN and out[port] != first
            if verdict[out[port]] != verdict[first] or open_otherwise:
                decision = a.UNKNOWN_DECISION + a.REASON_NO_PORT
                break
            if out[port] != first:
                if verdict[first] == a.ALLOW:
                    decision = a.NO_POLICY
                elif verdict[first] == a.DENY:
                    decision = a.DENY_FOR_SEVERAL_CAUSES
        out[other_port + 1 + slot] = decision


@kernel
def list_rows(
    subject_of_row: Int32, subject_starts: Int64, subject_members: Int32, n_subjects: int
) -> tuple[Int64, Int32]:
    """Which rows, each for one set of subjects, speak of which class: (starts (classes + 1,), rows in order).

    subject_starts, subject_members: the classes of each set, as from :func:`kernels.classes.list_members`.
    """
    starts = np.zeros(n_subjects + 1, np.int64)
    for r in range(subject_of_row.size):
        s = subject_of_row[r]
        for m in range(subject_starts[s], subject_starts[s + 1]):
            starts[subject_members[m] + 1] += 1
    for c in range(n_subjects):
        starts[c + 1] += starts[c]
    fill = starts[:-1].copy()
    listed = np.empty(starts[n_subjects], np.int32)
    for r in range(subject_of_row.size):
        s = subject_of_row[r]
        for m in range(subject_starts[s], subject_starts[s + 1]):
            c = subject_members[m]
            listed[fill[c]] = r
            fill[c] += 1
    return starts, listed


@kernel
def match_peers(
    listed: Int32, peer_of_row: Int32, peer_starts: Int64, peer_members: Int32, node_of: Int64, nodes: Int64
) -> int:
    """Find, for one subject class, the list of rows that each peer class matches.

    Lists are paths in a tree: nodes (n, 2) int64 holds (parent node, row); node 0 is the empty list.
    node_of (peers,) int64 gets the node of each peer class. Returns the number of nodes, or -1 if
    ``nodes`` is too small.
    """
    node_of[:] = 0
    n_nodes = 1
    grown = np.full(nodes.shape[0], -1, np.int64)
    for i in range(listed.size):
        row = listed[i]
        before = n_nodes
        set_ = peer_of_row[row]
        for m in range(peer_starts[set_], peer_starts[set_ + 1]):
            peer = peer_members[m]
            parent = node_of[peer]
            if grown[parent] == -1:
                if n_nodes == nodes.shape[0]:
                    return -1
                grown[parent] = n_nodes
                nodes[n_nodes, 0] = parent
                nodes[n_nodes, 1] = row
                n_nodes += 1
            node_of[peer] = grown[parent]
        grown[:before] = -1
    return n_nodes


@kernel
def decide_lists(
    rows: Rows,
    nodes: Int64,
    n_nodes: int,
    node_of: Int64,
    defaults: Int32,
    other_defaults: Int32,
    slot_starts: Int64,
    other_port: int,
    verdict: UInt8,
) -> tuple[Int32, Int64]:
    """Decide every list of rows that some peer class matches: (lists, ports) int32, in order of nodes; and
    which list each node is, (nodes,) int64, -1 none. nodes, node_of: as from :func:`match_peers`; node_of
    becomes the number of the list."""
    place = np.full(n_nodes, -1, np.int64)
    for peer in range(node_of.size):
        place[node_of[peer]] = 0
    n_lists = 0
    for node in range(n_nodes):
        if place[node] == 0:
            place[node] = n_lists
            n_lists += 1
    for peer in range(node_of.size):
        node_of[peer] = place[node_of[peer]]
    out = np.empty((n_lists, other_port + slot_starts.size), np.int32)
    portless = slot_starts[a.N_REAL_PROTOCOLS]
    chosen = np.empty(n_nodes, np.int32)
    for node in range(n_nodes):
        if place[node] != -1:
            n_chosen = read_list(nodes, node, chosen)
            one = out[place[node]]
            decide_ports(rows, chosen, n_chosen, defaults, other_defaults, portless, other_port, verdict, one)
            decide_missing_ports(one, slot_starts, other_port, verdict)
    return out, place


@kernel
def read_list(nodes: Int64, node: int, chosen: Int32) -> int:
    """Write the rows of one list to ``chosen`` in order; returns how many there are."""
    n = 0
    at = node
    while at != 0:
        n += 1
        at = nodes[at, 0]
    at = node
    for i in range(n - 1, -1, -1):
        chosen[i] = nodes[at, 1]
        at = nodes[at, 0]
    return n

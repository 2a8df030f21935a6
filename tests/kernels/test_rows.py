"""The one rule of decision, on lists of rows made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from flowcheck import arrays as a
from flowcheck.arrays import Rows
from flowcheck.kernels import rows as kernels
from flowcheck.model.policy import MOST_WAYS

ALLOW, DENY, PASS = a.ACTION_ALLOW, a.ACTION_DENY, a.ACTION_PASS
Row = tuple[int, int, int, int, int]
"""stage, action, first port class, last (excluded), question of the peer; its decision is 10 + its place"""

DEFAULT_DENY = 3
DNS, SPACE = 1, 2
REASONS = np.array([0, a.REASON_NEEDS_DNS, a.REASON_NO_NAMESPACE], dtype=np.uint8)
"""Of the two questions."""
VERDICT = np.zeros(64, dtype=np.uint8)
VERDICT[a.NO_POLICY] = a.ALLOW
VERDICT[a.UNKNOWN_DECISION : a.UNKNOWN_DECISION + 5] = a.UNKNOWN
VERDICT[DEFAULT_DENY] = a.DENY


def make_rows(*given: Row) -> Rows:
    columns = np.array(given, dtype=np.int64).reshape(-1, 5).T
    n = len(given)
    nobody = np.zeros(n, dtype=np.int32)
    return Rows(
        subject=nobody,
        peer=nobody,
        first_port=columns[2].astype(np.int32),
        last_port=columns[3].astype(np.int32),
        stage=columns[0].astype(np.uint8),
        action=columns[1].astype(np.uint8),
        subject_if=nobody,
        peer_if=columns[4].astype(np.int32),
        decision=np.arange(10, 10 + n, dtype=np.int32),
        reason=REASONS,
    )


def walk(*given: Row, isolated: bool = False, port: int = 0) -> int:
    defaults = np.array([-1, DEFAULT_DENY if isolated else -1, -1], dtype=np.int32)
    chosen = np.arange(len(given), dtype=np.int32)
    answers, asked = np.full(3, -1, dtype=np.int8), np.zeros(3, dtype=np.int32)
    return int(kernels.walk(make_rows(*given), chosen, len(given), defaults, port, answers, asked))


@pytest.mark.parametrize(
    ("given", "isolated", "decision"),
    [
        ([], False, a.NO_POLICY),
        ([], True, DEFAULT_DENY),
        ([(0, DENY, 0, 9, 0), (0, ALLOW, 0, 9, 0)], False, 10),
        ([(0, ALLOW, 1, 9, 0), (0, DENY, 0, 9, 0)], False, 11),
        ([(0, PASS, 0, 9, 0), (0, DENY, 0, 9, 0)], False, a.NO_POLICY),
        ([(0, PASS, 0, 9, 0), (0, DENY, 0, 9, 0), (1, ALLOW, 0, 9, 0)], True, 12),
        ([(0, PASS, 0, 9, 0), (2, DENY, 0, 9, 0)], False, 11),
        ([(0, PASS, 0, 9, 0), (2, DENY, 0, 9, 0)], True, DEFAULT_DENY),
        ([(1, ALLOW, 1, 9, 0), (2, ALLOW, 0, 9, 0)], True, DEFAULT_DENY),
        ([(2, PASS, 0, 9, 0), (2, DENY, 0, 9, 0)], False, a.NO_POLICY),
        ([(1, ALLOW, 0, 0, 0)], True, DEFAULT_DENY),
    ],
)
def test_stages_in_order_then_the_default_then_the_next(
    given: list[Row], isolated: bool, decision: int
) -> None:
    assert walk(*given, isolated=isolated) == decision


def decide(*given: Row, verdicts: dict[int, int]) -> int:
    """The decision for port class 0, with these verdicts of the rows' decisions."""
    verdict = VERDICT.copy()
    for number, value in verdicts.items():
        verdict[number] = value
    none = np.full(3, -1, dtype=np.int32)
    out = np.full(5, -7, dtype=np.int32)
    chosen = np.arange(len(given), dtype=np.int32)
    kernels.decide_ports(make_rows(*given), chosen, len(given), none, none, 1, 1, verdict, out)
    assert out[2:].tolist() == [-7, -7, -7]
    return int(out[0])


def test_a_row_that_may_match_leaves_doubt_only_where_it_changes_the_verdict() -> None:
    maybe: Row = (0, DENY, 0, 9, DNS)
    surely: Row = (0, DENY, 0, 9, 0)
    assert decide(maybe, verdicts={10: a.DENY}) == a.UNKNOWN_DECISION + a.REASON_NEEDS_DNS
    assert decide(maybe, surely, verdicts={10: a.DENY, 11: a.DENY}) == 11
    assert decide(surely, maybe, verdicts={10: a.DENY, 11: a.DENY}) == 10


def test_every_way_to_answer_is_tried() -> None:
    """With the second question alone answered yes, the pass is not there and the deny is."""
    rows: list[Row] = [(0, PASS, 0, 9, DNS), (0, DENY, 0, 9, SPACE), (1, ALLOW, 0, 9, 0)]
    verdicts = {10: a.NOT_APPLICABLE, 11: a.DENY, 12: a.ALLOW}
    assert decide(*rows, verdicts=verdicts) == a.UNKNOWN_DECISION + a.REASON_NEEDS_DNS
    assert decide(*rows[:1], rows[2], verdicts={**verdicts, 11: a.ALLOW}) == 11


def test_one_question_has_one_answer() -> None:
    """Two rows that hang on the same: what the first admits the second cannot deny."""
    rows: list[Row] = [(0, ALLOW, 0, 9, SPACE), (0, DENY, 0, 9, SPACE)]
    assert decide(*rows, verdicts={10: a.ALLOW, 11: a.DENY}) == a.NO_POLICY
    rows[1] = (0, DENY, 0, 9, DNS)
    assert decide(*rows, verdicts={10: a.ALLOW, 11: a.DENY}) == a.UNKNOWN_DECISION + a.REASON_NO_NAMESPACE


def test_the_reason_is_that_of_a_row_for_the_port() -> None:
    rows: list[Row] = [(0, DENY, 5, 9, SPACE), (0, DENY, 0, 1, DNS)]
    verdicts = {10: a.DENY, 11: a.DENY}
    assert decide(*rows, verdicts=verdicts) == a.UNKNOWN_DECISION + a.REASON_NEEDS_DNS


def test_the_limit_is_that_of_the_model() -> None:
    assert kernels.MOST_WAYS == MOST_WAYS


@pytest.mark.parametrize(("n", "decision"), [(10, a.NO_POLICY), (13, a.UNKNOWN_DECISION + a.REASON_NO_NODE)])
def test_too_many_ways_leave_it_open(n: int, decision: int) -> None:
    """Each row hangs on two questions, the subject's and the peer's: n of them have 2^(n + 1) - 1 ways."""
    reason = np.full(2 * n + 1, a.REASON_NO_NODE, dtype=np.uint8)
    questions = np.arange(1, n + 1, dtype=np.int32)
    rows = make_rows(*[(0, ALLOW, 0, 9, 0)] * n)
    rows = rows._replace(subject_if=questions, peer_if=questions + np.int32(n), reason=reason)
    verdict = VERDICT.copy()
    verdict[10 : 10 + n] = a.ALLOW
    out, chosen = np.full(5, -7, dtype=np.int32), np.arange(n, dtype=np.int32)
    none = np.full(3, -1, dtype=np.int32)
    kernels.decide_ports(rows, chosen, n, none, none, 1, 1, verdict, out)
    assert out[:2].tolist() == [decision, decision]


@pytest.mark.parametrize(
    ("ports", "verdicts", "decision"),
    [
        ([10, 10, 10], {10: a.ALLOW}, 10),
        ([10, 11, 10], {10: a.ALLOW, 11: a.ALLOW}, a.NO_POLICY),
        ([10, 11, 10], {10: a.DENY, 11: a.DENY}, a.DENY_FOR_SEVERAL_CAUSES),
        ([10, 10, 11], {10: a.ALLOW, 11: a.DENY}, a.UNKNOWN_DECISION + a.REASON_NO_PORT),
    ],
)
def test_a_missing_port_has_the_verdict_all_ports_share(
    ports: list[int], verdicts: dict[int, int], decision: int
) -> None:
    verdict = VERDICT.copy()
    for number, value in verdicts.items():
        verdict[number] = value
    out = np.array([*ports, a.NO_POLICY, a.NO_POLICY, a.NO_POLICY, 0, 0, 0], dtype=np.int32)
    kernels.decide_missing_ports(out, np.array([0, 3, 4, 5], dtype=np.int64), 5, verdict)
    assert out[6] == decision
    assert out[7:].tolist() == [a.NO_POLICY, a.NO_POLICY]


def test_peers_that_match_the_same_rows_share_a_list() -> None:
    listed = np.array([4, 7, 9], dtype=np.int32)
    peer_of_row = np.zeros(10, dtype=np.int32)
    peer_of_row[[4, 7, 9]] = [0, 1, 2]
    members = np.array([0, 1, 2, 1, 2, 3], dtype=np.int32)
    starts = np.array([0, 3, 5, 6], dtype=np.int64)
    node_of = np.zeros(5, dtype=np.int64)
    small = np.zeros((2, 2), dtype=np.int64)
    assert kernels.match_peers(listed, peer_of_row, starts, members, node_of, small) == -1
    nodes = np.zeros((16, 2), dtype=np.int64)
    assert kernels.match_peers(listed, peer_of_row, starts, members, node_of, nodes) == 4
    lists = []
    for node in node_of:
        chosen = np.zeros(3, dtype=np.int32)
        lists.append(chosen[: kernels.read_list(nodes, node, chosen)].tolist())
    assert lists == [[4], [4, 7], [4, 7], [9], []]

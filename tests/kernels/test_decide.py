"""How the two sides of a flow make one verdict, and what that means beside what was observed."""

from __future__ import annotations

from itertools import product

import pytest

from flowcheck import arrays as a
from flowcheck.arrays import Tables
from flowcheck.compile import compile_program
from flowcheck.kernels import decide
from flowcheck.model.verdict import Observed
from tests.builders import allow, make_cluster, make_pod, make_policy

STRONGEST_FIRST = (a.DENY, a.UNKNOWN, a.ALLOW, a.NOT_APPLICABLE)


@pytest.mark.parametrize("sides", list(product(range(4), repeat=2)))
def test_the_stronger_side_is_the_verdict(sides: tuple[int, int]) -> None:
    assert a.VERDICT[sides] == next(v for v in STRONGEST_FIRST if v in sides)


@pytest.mark.parametrize(("verdict", "observed"), list(product(range(4), range(5))))
def test_a_violation_is_a_denied_flow_that_went_through_or_an_allowed_one_that_policy_dropped(
    verdict: int, observed: int
) -> None:
    word = list(Observed)[observed]
    expected = a.NO_VIOLATION
    if verdict == a.DENY and word not in (Observed.DENIED, Observed.DROPPED):
        expected = a.FORWARDED_DENIED
    if verdict == a.ALLOW and word is Observed.DENIED:
        expected = a.DROPPED_ALLOWED
    assert a.VIOLATION[verdict, observed] == expected


def class_of(tables: Tables, protocol: int, port: int) -> int:
    return int(decide.port_class(tables.port_class, tables.without_port, protocol, port))


def test_a_port_has_the_class_of_its_protocol() -> None:
    pod = make_pod("a", "10.0.0.1")
    policy = make_policy(ingress=[allow(None, "80 53/UDP 80/SCTP")])
    tables = compile_program(make_cluster(pod, policy)).tables
    real = {class_of(tables, protocol, port) for protocol in (6, 17, 132) for port in (0, 80, 53, 81)}
    assert len({class_of(tables, protocol, 80) for protocol in (6, 17, 132)}) == 3
    assert max(real) < tables.other_port
    assert {class_of(tables, protocol, 80) for protocol in (0, 1, 47, 58, 255)} == {tables.other_port}
    missing = [class_of(tables, protocol, -1) for protocol in (6, 17, 132)]
    assert missing == [tables.other_port + n for n in (1, 2, 3)]
    assert class_of(tables, 1, -1) == tables.other_port

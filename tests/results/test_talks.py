"""Who talked to whom: edges added up, of which none is lost, the gravest first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.model.verdict import Observed, Verdict
from flowcheck.results.records.tables import EDGES_SCHEMA
from flowcheck.results.talks import NOBODY, NODES, OUTSIDE, STATES, home, talks_of
from tests.reports.build_page import EDGES, make_edge, make_edges

NAMES = ("a/Deployment/x", "a/Pod/y", "b/Job/z", "Node/n", "10.0.0.0/8", "fd00::/8", "(several owners)")
ONE = st.builds(
    make_edge,
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.sampled_from([*Verdict]).map(str),
    st.sampled_from([*Observed]).map(str),
    port=st.none() | st.integers(0, 65_535),
    protocol=st.sampled_from([1, 6, 17, 200]),
    flow_count=st.integers(0, 10**6),
)


def state_of(edge: dict[str, Any]) -> str:
    """In plain words, as the page has them."""
    verdict, observed = edge["verdict"], edge["observed"]
    if verdict == "deny":
        return "stopped" if observed in ("denied", "dropped") else "not_stopped"
    if verdict == "allow":
        return "dropped" if observed == "denied" else "allowed"
    return str(verdict)


@settings(deadline=None)
@given(st.lists(ONE, max_size=40), st.integers(1, 50))
def test_sums_are_those_of_the_edges(edges: list[dict[str, Any]], most: int) -> None:
    talks = talks_of(make_edges(edges), most)
    by_pair: Counter[tuple[str, str, str]] = Counter()
    by_home: Counter[tuple[str, str, str]] = Counter()
    for edge in edges:
        ends = edge["source"], edge["destination"]
        by_pair[(*ends, state_of(edge))] += edge["flow_count"]
        by_home[(*map(home, ends), state_of(edge))] += edge["flow_count"]
    found = {(*ends, state): one for ends, states in talks.between.items() for state, one in states.items()}
    assert {key: one.connections for key, one in found.items()} == dict(by_home)
    assert sum(one.records for one in found.values()) == sum(edge["records"] for edge in edges)
    assert sum(one.bytes for one in found.values()) == sum(edge["bytes"] for edge in edges)
    assert sum(one.pairs for one in found.values()) == talks.n_pairs == len(by_pair)
    shown = {one[:3]: one.connections for one in talks.pairs}
    assert len(shown) == len(talks.pairs) == min(most, len(by_pair))
    ordered = sorted(by_pair, key=lambda key: (STATES.index(key[2]), -by_pair[key], *key[:2]))
    assert [*shown.items()] == [(key, by_pair[key]) for key in ordered[:most]]


def test_ports_are_told_with_their_protocol() -> None:
    ends = ("a/Pod/x", "b/Pod/y", "allow", "allowed")
    ports = [(443, 6), (53, 17), (None, 1), (53, 6), (None, 200), (443, 6)]
    talks = talks_of(make_edges(make_edge(*ends, port=port, protocol=n) for port, n in ports), 5)
    (talk,) = talks.pairs
    assert talk.ports == ("ICMP", "protocol 200", "53/TCP", "53/UDP", "443/TCP")
    assert talk.connections == 60


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop/Deployment/cart", "shop"),
        ("shop/Pod/cart (secondary interface)", "shop"),
        ("Node/node-a", NODES),
        ("10.42.0.0/16", OUTSIDE),
        ("fd42:1::/64", OUTSIDE),
        ("203.0.113.7", OUTSIDE),
        ("10.42.3.0/24 (nobody's)", NOBODY),
        ("(nobody's at the time)", NOBODY),
        ("(unknown name)", NOBODY),
    ],
)
def test_every_end_has_a_home(name: str, expected: str) -> None:
    assert home(name) == expected


def test_of_no_edges_nothing_is_said() -> None:
    assert talks_of(EDGES_SCHEMA.empty_table(), 5) == ({}, (), 0)


def test_the_example_of_the_reports() -> None:
    talks = talks_of(make_edges(EDGES), 3)
    assert [one.state for one in talks.pairs] == ["not_stopped", "not_stopped", "dropped"]
    assert talks.n_pairs == len(EDGES)
    assert set(talks.between["shop", "payments"]) == {"not_stopped", "stopped"}

"""Which backends of a Service get connections: tables by hand, asked of every part that decides it.

Sources: discovery.k8s.io/v1, EndpointConditions (a nil value means true for ready and serving, false for
terminating) and Endpoint.nodeName; core/v1 ServiceSpec, internalTrafficPolicy and externalTrafficPolicy;
kubernetes.io, Virtual IPs and Service Proxies, "Traffic to terminating endpoints".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from flowcheck.balance.expect.plan import plan_counting
from flowcheck.balance.expect.shares import Origin, expect
from flowcheck.compile import compile_program
from flowcheck.explaining import explain
from flowcheck.model.cluster import Cluster
from tests.builders import make_flow
from tests.tools.conformance import PATHS, judge, load_objects

CONDITIONS = """
ready serving terminating gets
-     -       -           always
-     -       false       always
-     -       true        always
-     true    -           always
-     true    false       always
-     true    true        always
-     false   -           always
-     false   false       always
-     false   true        always
true  -       -           always
true  -       false       always
true  -       true        always
true  true    -           always
true  true    false       always
true  true    true        always
true  false   -           always
true  false   false       always
true  false   true        always
false -       -           never
false -       false       never
false -       true        at-last
false true    -           never
false true    false       never
false true    true        at-last
false false   -           never
false false   false       never
false false   true        never
"""
"""``-``: not given. ``always``: for as long as it is listed; ``at-last``: where no backend is ready."""

PLACES = """
a          b          everywhere on-n1 on-n2
always@n1  always@n2  ab         a     b
always@n1  always@n1  ab         ab    -
always@n1  never@n2   a          a     -
at-last@n1 always@n2  b          a     b
at-last@n1 always@n1  b          b     -
at-last@n1 at-last@n2 ab         a     b
at-last@n1 at-last@n1 ab         ab    -
at-last@n1 never@n1   a          a     -
at-last@n1 never@n2   a          a     -
never@n1   always@n1  b          b     -
never@n1   always@n2  b          -     b
never@n1   never@n2   -          -     -
always@    always@n1  ab         b     -
at-last@   always@n1  b          b     -
at-last@n1 always@    b          a     -
at-last@   never@n1   a          -     -
always@    always@    ab         -     -
"""
"""Who gets the connections of those who ask all backends, and of those who ask the backends on one node.
``@``: a slice that does not say where it is."""

EXAMPLES: dict[str, dict[str, bool]] = {
    "always": {"ready": True, "serving": True, "terminating": False},
    "at-last": {"ready": False, "terminating": True},
    "never": {"ready": False, "serving": False, "terminating": True},
}
POLICIES = ("Cluster", "Local")
NODES = {"n1": "10.0.0.1", "n2": "10.0.0.2", "n3": "10.0.0.3"}
ADDRESSES = {"a": "10.1.0.1", "b": "10.1.0.2"}
OUTSIDE = ""


class Question(NamedTuple):
    """Who answers a client on a node, or outside, that dials a Service with one policy for both directions:
    at its cluster IP, or at a node. ``who``: the columns of the table that say it."""

    policy: str
    client: str
    at: str
    who: tuple[str, ...]


QUESTIONS = [
    *(Question("Cluster", client, "cluster IP", ("everywhere",)) for client in (*NODES, OUTSIDE)),
    *(Question("Cluster", client, "n1", ("everywhere",)) for client in (*NODES, OUTSIDE)),
    *(Question("Local", node, "cluster IP", (f"on-{node}",)) for node in NODES),
    *(Question("Local", OUTSIDE, node, (f"on-{node}",)) for node in NODES),
    Question("Local", OUTSIDE, "cluster IP", ("on-n1", "on-n2")),
    Question("Local", "n1", "n2", ("everywhere",)),
]


def rows(table: str) -> list[dict[str, str]]:
    first, *lines = table.strip().splitlines()
    return [dict(zip(first.split(), line.split(), strict=True)) for line in lines]


def says(row: dict[str, str], *columns: str) -> str:
    """The names in columns; there is nothing on n3."""
    return "".join(sorted(set("".join(row.get(column, "-") for column in columns)) - {"-"}))


def client_at(node: str, refused_by: str) -> str:
    """The client there that one backend does not let in."""
    last = ADDRESSES[refused_by][-1]
    return f"10.2.{NODES[node][-1]}.{last}" if node else f"203.0.113.{last}"


Backends = dict[str, tuple[str, dict[str, bool]]]
"""Name -> (node, conditions)."""


def make_world(backends: Backends) -> Cluster:
    """A Service of each policy with these backends, each of which refuses one client at every place."""
    endpoints = [
        {"addresses": [ADDRESSES[name]], "conditions": conditions} | ({"nodeName": node} if node else {})
        for name, (node, conditions) in backends.items()
    ]
    return load_objects([*around(backends), *services(endpoints)])


def around(backends: Backends) -> Iterator[dict[str, Any]]:
    for node, address in NODES.items():
        addresses = {"addresses": [{"type": "InternalIP", "address": address}]}
        yield make("v1", "Node", node, status=addresses)
        for name in ADDRESSES:
            yield make_pod(f"not-{name}-{node}", client_at(node, name), node)
    for name, (node, _) in backends.items():
        yield make_pod(name, ADDRESSES[name], node or "n3")
        refused = [f"{client_at(client, name)}/32" for client in (*NODES, OUTSIDE)]
        others = {"ipBlock": {"cidr": "0.0.0.0/0", "except": refused}}
        spec = {"podSelector": {"matchLabels": {"name": name}}, "ingress": [{"from": [others]}]}
        yield make("networking.k8s.io/v1", "NetworkPolicy", name, spec=spec)


def services(endpoints: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, policy in enumerate(POLICIES, 1):
        name = policy.lower()
        yield make(
            *("v1", "Service", name),
            spec={
                **{"type": "NodePort", "clusterIP": f"10.96.0.{number}"},
                **{"internalTrafficPolicy": policy, "externalTrafficPolicy": policy},
                "ports": [{"port": 80, "nodePort": 30000 + number}],
            },
        )
        yield make(
            *("discovery.k8s.io/v1", "EndpointSlice", name, {"kubernetes.io/service-name": name}),
            addressType="IPv4",
            ports=[{"name": "", "port": 80}],
            endpoints=endpoints,
        )


def make(
    version: str, kind: str, name: str, labels: dict[str, str] | None = None, **rest: Any
) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "x", "labels": labels or {}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def make_pod(name: str, address: str, node: str) -> dict[str, Any]:
    spec = {"nodeName": node, "containers": [{"name": "main", "image": "registry.example/app"}]}
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    return make("v1", "Pod", name, {"name": name}, spec=spec, status=status)


def dialled(question: Question) -> tuple[str, int]:
    number = POLICIES.index(question.policy) + 1
    return (f"10.96.0.{number}", 80) if question.at == "cluster IP" else (NODES[question.at], 30000 + number)


def who_answers(path: str, cluster: Cluster) -> list[str]:
    """The backends that answer each question: those for which it matters that they refuse the client."""
    flows = [make_flow(client_at(q.client, name), *dialled(q)) for q in QUESTIONS for name in ADDRESSES]
    refused = [
        answer.verdict == "deny" or answer.reason == "service_backends_differ"
        for answer in judge(path, cluster, flows)
    ]
    return [
        "".join(name for name, one in zip(ADDRESSES, refused[i:], strict=False) if one)
        for i in range(0, len(refused), len(ADDRESSES))
    ]


def who_is_explained(cluster: Cluster) -> list[str]:
    program = compile_program(cluster)
    found = []
    for question in QUESTIONS:
        dst, port = dialled(question)
        answer = explain(program, src=client_at(question.client, "a"), dst=dst, port=port)
        ends = sorted(end for case in answer.cases for end in case.destinations)
        found.append("".join(end.removeprefix("x/Pod/") for end in ends))
    return found


def check(backends: Backends, row: dict[str, str]) -> None:
    """Every part has a row of PLACES."""
    cluster = make_world(backends)
    wanted = [says(row, *question.who) for question in QUESTIONS]
    for path in PATHS:
        assert who_answers(path, cluster) == wanted, path
    assert who_is_explained(cluster) == wanted
    check_load(cluster, row)


def check_load(cluster: Cluster, row: dict[str, str]) -> None:
    """Clients on a node expect its backends alike; a load balancer asks the nodes that have any as often."""
    catalog, _ = plan_counting(compile_program(cluster), cluster)
    names = {address: name for name, address in ADDRESSES.items()}
    for facts in catalog.ports:
        (members,) = facts.segments
        local = facts.service.internal_traffic_policy == "Local"
        for node in (*NODES, OUTSIDE):
            shares = expect(facts.service, members, Origin(node, outside=not node))
            assert shares is not None
            groups = [says(row, f"on-{node}" if local else "everywhere")]
            if local and not node:
                groups = [says(row, f"on-{each}") for each in NODES]
            groups = [group for group in groups if group]
            wanted = {name: 1 / len(groups) / len(group) for group in groups for name in group}
            found = {names[catalog.identity_of(end).address]: share for end, share in shares.items()}
            assert found == pytest.approx(wanted)


@pytest.mark.parametrize("row", rows(PLACES), ids=lambda row: f"{row['a']} {row['b']}")
def test_backends_by_what_they_are_and_where(row: dict[str, str]) -> None:
    placed = {name: row[name].split("@") for name in ADDRESSES}
    check({name: (node, EXAMPLES[what]) for name, (what, node) in placed.items()}, row)


@pytest.mark.parametrize("row", rows(CONDITIONS), ids=lambda row: "-".join(row.values()))
def test_what_conditions_come_to(row: dict[str, str]) -> None:
    """Beside one that is ready on the same node, and beside one elsewhere that gets nothing."""
    conditions = {name: value == "true" for name, value in row.items() if value in ("true", "false")}
    for other in ("always@n1", "never@n2"):
        what, node = other.split("@")
        (wanted,) = (r for r in rows(PLACES) if (r["a"], r["b"]) == (f"{row['gets']}@n1", other))
        check({"a": ("n1", conditions), "b": (node, EXAMPLES[what])}, wanted)


def test_every_combination_of_conditions_has_a_row() -> None:
    assert len({tuple(row.values())[:3] for row in rows(CONDITIONS)}) == 27

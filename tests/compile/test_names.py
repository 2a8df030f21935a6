"""What a recorded name may mean: one endpoint where policies see no difference, several where they do."""

from __future__ import annotations

from flowcheck import arrays as a
from flowcheck.compile import Program, compile_program
from tests.builders import allow, block, in_namespace, make_cluster, make_pod, make_policy

OWNED = {"workload": "Deployment/web"}


def program(*labels: str) -> Program:
    """Pods of one Deployment with these labels, and a policy that admits app=a."""
    pods = [make_pod(f"w{n}", f"10.0.0.{n}", labels=text, **OWNED) for n, text in enumerate(labels, 1)]
    policy = make_policy(subject="app=b", ingress=[allow(in_namespace(pods="app=a"))])
    return compile_program(make_cluster(*pods, make_pod("b", "10.0.0.99", labels="app=b"), policy))


def test_pods_treated_alike_are_one_endpoint_of_the_workload() -> None:
    found = program("app=a", "app=a")
    (endpoint,) = found.by_workload["x", "web"].ends[0]
    assert found.endpoint_names[endpoint] == "x/Deployment/web"
    assert found.tables.endpoints[endpoint, a.POD] == -1


def test_pods_treated_differently_are_an_endpoint_each_way() -> None:
    found = program("app=a", "app=c", "app=c")
    assert len(found.by_workload["x", "web"].ends[0]) == 2
    assert {found.endpoint_names[e] for e in found.by_workload["x", "web"].ends[0]} == {"x/Deployment/web"}


def test_the_only_pod_of_a_workload_is_meant_itself() -> None:
    found = program("app=a")
    assert found.by_workload["x", "web"].ends[0] == found.by_pod["x", "w1"].ends[0]


def test_addresses_of_a_pod_are_one_endpoint_unless_a_block_tells_them_apart() -> None:
    pods = make_pod("a", "10.0.0.1", "fd00::1"), make_pod("b", "10.0.0.2")
    alike = compile_program(make_cluster(*pods))
    apart = compile_program(make_cluster(*pods, make_policy(ingress=[allow(block("fd00::/64"))])))
    assert len(alike.by_pod["x", "a"].ends[0]) == 1
    assert len(apart.by_pod["x", "a"].ends[0]) == 2


def test_every_endpoint_has_a_group_and_pods_of_a_workload_share_it() -> None:
    found = program("app=a", "app=c")
    groups = found.tables.endpoints[:, a.GROUP]
    assert groups.max() < len(found.groups)
    ends = [found.by_pod["x", f"w{n}"].ends[0][0] for n in (1, 2)]
    assert {found.groups[groups[e]] for e in ends} == {"x/Deployment/web"}

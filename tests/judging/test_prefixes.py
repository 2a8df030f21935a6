"""Ends named by how pods' names begin: ``web-6b687c8dcb-*`` are the pods of one controller, no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest

import flowcheck
from flowcheck.compile import compile_program
from flowcheck.model.called import names_of
from flowcheck.model.cluster import Pod, Workload
from tests.builders import allow, in_namespace, make_cluster, make_pod, make_policy, make_template

NEW, OLD = "web-6b687c8dcb", "web-7f9c4b8d5x"


def owned(name: str, address: str, *chain: str, labels: str = "app=web") -> Pod:
    """A pod whose owners are these, the nearest first."""
    *links, top = chain
    pod = make_pod(name, address, labels=labels, workload=top)
    owners = (Workload(kind, "x", link) for kind, link in (text.split("/") for text in links))
    return replace(pod, owners=tuple(owners))


REPLICA = owned("web-6b687c8dcb-x1", "10.0.0.1", f"ReplicaSet/{NEW}", "Deployment/web")
SECOND = owned("web-6b687c8dcb-x2", "10.0.0.2", f"ReplicaSet/{NEW}", "Deployment/web")
ORDERED = owned("db-0", "10.0.0.3", "StatefulSet/db", labels="app=db")
AGENT = owned("web-x9", "10.0.0.4", "DaemonSet/web", labels="app=agent")
BARE = make_pod("alone", "10.0.0.5", labels="app=web")
POLICY = make_policy(subject="app=db", ingress=[allow(in_namespace(pods="app=web"), "80")])


def judged(*pods: Pod, src: str | None = None, pod: str | None = None) -> tuple[str, str | None, str]:
    """(verdict, reason, source) of a flow to db, which admits what is labelled app=web."""
    program = compile_program(make_cluster(*pods, ORDERED, POLICY))
    table = flowcheck.evaluate(
        program,
        pa.table(
            {
                "start_time": pa.array([datetime(2026, 3, 10, tzinfo=UTC)], pa.timestamp("us", "UTC")),
                "src_namespace": ["x"],
                "src_workload": pa.array([src], pa.string()),
                "src_pod": pa.array([pod], pa.string()),
                "dst_namespace": ["x"],
                "dst_workload": ["db-*"],
                "dst_port": pa.array([80], pa.uint16()),
                "protocol": pa.array([6], pa.uint8()),
            }
        ),
    )
    verdict, reason, named = (table.column(name)[0].as_py() for name in ("verdict", "reason", "src"))
    return verdict, reason, named


def test_the_pods_of_a_replica_set_are_meant_together() -> None:
    assert judged(REPLICA, SECOND, src=f"{NEW}-*") == ("allow", None, "x/Deployment/web")
    assert judged(REPLICA, src=f"{NEW}-*") == ("allow", None, "x/Pod/web-6b687c8dcb-x1")


def test_pods_of_another_controller_whose_name_begins_so_are_not_meant() -> None:
    assert judged(REPLICA, SECOND, AGENT, src="web-*") == ("deny", None, "x/Pod/web-x9")
    assert judged(REPLICA, SECOND, AGENT, src=f"{NEW}-*") == ("allow", None, "x/Deployment/web")


def test_a_prefix_that_no_controller_has_is_unresolved() -> None:
    for text in (f"{OLD}-*", "web-*", "alone-*", "we*", "*", "web-6b687c8dcb*"):
        assert judged(REPLICA, SECOND, BARE, src=text) == ("unknown", "unresolved_src", f"x/{text}")


def test_pods_that_policies_treat_differently_leave_it_open() -> None:
    other = owned("web-6b687c8dcb-x3", "10.0.0.6", f"ReplicaSet/{NEW}", "Deployment/web", labels="app=none")
    assert judged(REPLICA, other, src=f"{NEW}-*")[:2] == ("unknown", "ambiguous_src")


def test_a_pod_without_a_controller_goes_by_its_own_name() -> None:
    assert judged(BARE, pod="alone") == ("allow", None, "x/Pod/alone")


def test_a_deployment_without_pods_would_make_replica_sets_of_any_hash() -> None:
    template = make_template("web", labels="app=web")
    assert judged(template, src=f"{NEW}-*") == ("allow", None, "x/Deployment/web")
    for text in ("web-*", "web-api-*", "other-6b687c8dcb-*"):
        assert judged(template, src=text)[1] == "unresolved_src"


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("StatefulSet", ("t-*",)),
        ("DaemonSet", ("t-*",)),
        ("Job", ("t-*",)),
        ("Deployment", ("t-?-*",)),
        ("CronJob", ("t-?-*",)),
    ],
)
def test_how_the_pods_of_a_template_would_be_called(kind: str, names: tuple[str, ...]) -> None:
    found = names_of(make_template("t", kind=kind))
    assert tuple(name for name in found if name.endswith("*")) == names


def test_only_the_nearest_owner_names_pods() -> None:
    assert [name for name in names_of(REPLICA) if name.endswith("*")] == [f"{NEW}-*"]
    assert [name for name in names_of(BARE) if name.endswith("*")] == []

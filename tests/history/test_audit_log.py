"""Kubernetes audit logs: exact edges of every finished write; what the log does not keep is warned of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import ManifestError
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster
from tests.history.timed import Json, at, life, pod, policy, seen, snapshot, stamp

RESOURCES = {"Pod": "pods", "NetworkPolicy": "networkpolicies", "Deployment": "deployments", "Status": "pods"}
STATUS = {"kind": "Status", "apiVersion": "v1", "status": "Success"}


def entry(verb: str, clock: str, thing: Json | None, **parts: Any) -> Json:
    """One line of an audit log; ``reference`` is merged into objectRef, the rest into the event."""
    subject = parts.pop("subject", thing) or {"kind": "Pod", "apiVersion": "v1", "metadata": {}}
    reference = {
        "resource": RESOURCES[subject["kind"]],
        "name": subject["metadata"].get("name", ""),
        "namespace": "x",
        "apiVersion": subject["apiVersion"].rpartition("/")[2],
        "apiGroup": subject["apiVersion"].rpartition("/")[0],
        **parts.pop("reference", {}),
    }
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse",
        "stage": "ResponseComplete",
        "verb": verb,
        "objectRef": reference,
        "responseStatus": {"code": 200},
        "stageTimestamp": stamp(clock).replace("Z", ".123456Z"),
        **({"responseObject": thing} if thing else {}),
        **parts,
    }


def edge(clock: str) -> int:
    return at(clock) + 123_456


@pytest.fixture
def log(tmp_path: Path) -> Any:
    """Write the entries and load everything in the folder."""

    def run(*entries: Json, **options: Any) -> Any:
        (tmp_path / "audit.jsonl").write_text("".join(json.dumps(one) + "\n" for one in entries))
        return load_cluster(tmp_path, **options)

    return run


def test_a_policy_from_its_creation_to_its_deletion(log: Any) -> None:
    cluster = log(
        entry("create", "10:00", policy(created="10:00", uid="u")),
        entry("patch", "10:05", policy(port=81, created="10:00", uid="u")),
        entry("update", "10:06", policy(port=81, created="10:00", uid="u")),
        entry("delete", "10:10", STATUS, subject=policy()),
    )
    first, second = seen(cluster, "policies", "n")
    assert first.lifetime == life(edge("10:00"), edge("10:05"), edge("10:00"), edge("10:05"))
    assert second.lifetime == life(edge("10:05"), edge("10:10"), edge("10:05"), edge("10:10"))


def test_a_policy_of_calico_that_is_stored_under_another_name(log: Any) -> None:
    stored = {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "default.n",
            "namespace": "x",
            "uid": "u",
            "creationTimestamp": stamp("10:00"),
            "annotations": {"projectcalico.org/metadata": json.dumps({"name": "n"})},
        },
        "spec": {"tier": "default", "types": ["Ingress"]},
    }
    cluster = log(entry("create", "10:00", stored), entry("delete", "10:10", STATUS, subject=stored))
    (found,) = seen(cluster, "policies", "n")
    assert str(found) == "CalicoNetworkPolicy/x/n"
    assert found.lifetime == life(edge("10:00"), edge("10:10"), edge("10:00"), edge("10:10"))


def test_a_pod_whose_status_is_written(log: Any, tmp_path: Path) -> None:
    """Only the status: so its labels were the same before, though nobody saw them."""
    status = {"reference": {"subresource": "status"}}
    cluster = log(
        entry("patch", "10:00", pod(started="09:00"), **status),
        entry("patch", "10:01", pod("q", "10.0.0.2", "09:00")),
        entry("create", "10:02", STATUS, subject=pod(), reference={"subresource": "binding"}),
    )
    assert seen(cluster)[0].lifetime == life("09:00", END, edge("10:00"), END)
    assert seen(cluster, name="q")[0].lifetime == life("09:00", END, edge("10:01"), END)


def test_a_graceful_deletion_takes_place_when_the_kubelet_says_so(log: Any) -> None:
    def dying(grace: int) -> Json:
        times = {"deletionTimestamp": stamp("10:30"), "deletionGracePeriodSeconds": grace}
        return pod(started="09:00", metadata=times)

    cluster = log(
        entry("patch", "10:00", pod(started="09:00")),
        entry("delete", "10:05", dying(30)),
        entry("delete", "10:06", dying(0)),
    )
    assert seen(cluster)[0].lifetime.end == edge("10:06")


def test_a_collection_that_was_deleted(log: Any) -> None:
    things = {
        "kind": "NetworkPolicyList",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": {},
        "items": [policy("a"), policy("b")],
    }
    cluster = log(
        *(entry("create", "10:00", policy(name)) for name in ("a", "b", "c")),
        entry("deletecollection", "10:05", things, subject=policy("")),
    )
    assert {one.name: one.lifetime.end for one in cluster.policies} == {
        "a": edge("10:05"),
        "b": edge("10:05"),
        "c": END,
    }


def test_it_goes_on_from_a_snapshot(log: Any, tmp_path: Path) -> None:
    snapshot(tmp_path, "09:30", policy(created="08:00"), policy("m", created="08:00"))
    cluster = log(entry("patch", "10:00", policy(port=81, created="08:00")))
    first, second = seen(cluster, "policies", "n")
    assert first.lifetime == life("08:00", edge("10:00"), "08:00", edge("10:00"))
    assert second.lifetime == life(edge("10:00"), END, edge("10:00"), END)
    assert seen(cluster, "policies", "m")[0].lifetime == life("08:00", END, "08:00", END)


@pytest.mark.parametrize(
    "parts",
    [
        {"stage": "RequestReceived"},
        {"verb": "get"},
        {"responseStatus": {"code": 409}},
        {"responseStatus": None},
        {"requestURI": "/apis/networking.k8s.io/v1/namespaces/x/networkpolicies/n?dryRun=All&fieldManager=a"},
        {"reference": {"resource": "leases", "apiGroup": "coordination.k8s.io"}},
        {"reference": {"resource": "networkpolicies", "apiGroup": "crd.antrea.io"}},
        {"objectRef": None},
    ],
)
def test_entries_that_are_no_finished_write_are_passed_over(log: Any, parts: Any) -> None:
    reference = parts.get("reference", {})
    cluster = log(
        entry("create", "10:00", policy("m")),
        {**entry("patch", "10:01", policy(), reference=reference), **parts},
    )
    assert [one.name for one in cluster.policies] == ["m"]


def test_writes_that_were_not_kept_are_counted(log: Any) -> None:
    cluster = log(
        entry("create", "10:00", policy("m")),
        entry("patch", "10:01", None, subject=policy(), level="Metadata"),
        entry("create", "10:02", None, subject=policy(), level="Request"),
        entry("deletecollection", "10:03", STATUS, subject=policy()),
    )
    assert "3 x NetworkPolicy written in an audit log that does not keep" in cluster.warnings[0]


DRY = {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/__internal", "dryRun": ["All"]}


@pytest.mark.parametrize(
    "parts",
    [
        {"requestObject": DRY},
        {"requestURI": "/apis/networking.k8s.io/v1/namespaces/x/networkpolicies/n?dryRun=All"},
        {"verb": "deletecollection", "requestObject": DRY},
    ],
)
def test_a_deletion_that_was_only_tried(log: Any, parts: Any) -> None:
    cluster = log(
        entry("create", "10:00", policy()), {**entry("delete", "10:05", STATUS, subject=policy()), **parts}
    )
    assert seen(cluster, "policies", "n")[0].lifetime == life(edge("10:00"), END, edge("10:00"), END)


def test_a_policy_that_a_finalizer_holds_ends_with_the_write_that_lets_it_go(log: Any) -> None:
    asked = {"deletionTimestamp": stamp("10:05"), "deletionGracePeriodSeconds": 0}
    cluster = log(
        entry("create", "10:00", policy(metadata={"finalizers": ["example.com/hold"]})),
        entry("delete", "10:05", policy(metadata={**asked, "finalizers": ["example.com/hold"]})),
        entry("patch", "10:15", policy(metadata=asked)),
    )
    assert seen(cluster, "policies", "n")[0].lifetime.end == edge("10:15")


@pytest.mark.parametrize(
    ("finalizers", "grace", "end"),
    [
        (None, 0, edge("10:15")),
        (["foregroundDeletion", "example.com/hold"], 0, END),
        (None, 30, END),
    ],
)
def test_the_garbage_collector_is_answered_with_metadata_only(
    log: Any, finalizers: Any, grace: int, end: int
) -> None:
    times = {"deletionTimestamp": stamp("10:05"), "deletionGracePeriodSeconds": grace}
    asked = {"name": "n", "namespace": "x", **times}
    answer = {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {**asked, "finalizers": finalizers},
    }
    cluster = log(
        entry("create", "10:00", policy(metadata={"finalizers": ["foregroundDeletion"]})),
        entry("patch", "10:15", answer, subject=policy()),
    )
    assert seen(cluster, "policies", "n")[0].lifetime.end == end
    assert not any("audit log" in warning for warning in cluster.warnings)


def test_labels_of_a_namespace_are_read_from_its_metadata_too(log: Any) -> None:
    def space(kind: str, version: str, **labels: str) -> Json:
        return {"kind": kind, "apiVersion": version, "metadata": {"name": "x", "labels": labels}}

    reference = {"resource": "namespaces", "namespace": "", "apiGroup": "", "apiVersion": "v1"}
    cluster = log(
        entry("patch", "09:00", pod(started="08:00")),
        entry("create", "10:00", space("Namespace", "v1", team="a"), subject=pod(), reference=reference),
        entry(
            "patch",
            "10:05",
            space("PartialObjectMetadata", "meta.k8s.io/v1", team="b"),
            subject=pod(),
            reference={**reference, "name": "x"},
        ),
    )
    assert [one.namespace_labels and one.namespace_labels["team"] for one in seen(cluster)] == ["a", "b"]


@pytest.mark.parametrize(
    ("parts", "end"),
    [
        ({"spec": {"nodeName": "k1"}}, END),
        ({"spec": {"nodeName": "k1", "terminationGracePeriodSeconds": 0}}, edge("10:05")),
        ({}, edge("10:05")),
        ({"metadata": {"finalizers": ["batch.kubernetes.io/job-tracking"]}}, END),
    ],
)
def test_pods_of_a_collection_run_on_for_their_grace_period(log: Any, parts: Any, end: int) -> None:
    things = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [pod(started="09:00", **parts)]}
    cluster = log(
        entry("patch", "10:00", pod(started="09:00", **parts)),
        entry("deletecollection", "10:05", things, subject=pod("")),
    )
    assert seen(cluster)[0].lifetime.end == end


def test_after_an_eviction_a_pod_may_be_gone_until_more_is_told_of_it(log: Any) -> None:
    """The entry does not keep the grace period; with none it is a pod's last one."""
    evicted = entry("create", "10:05", STATUS, subject=pod(), reference={"subresource": "eviction"})
    first = log(entry("patch", "10:00", pod(started="09:00")), evicted)
    assert seen(first)[0].lifetime == life("09:00", END, edge("10:00"), edge("10:05"))
    status = {"reference": {"subresource": "status"}}
    later = log(
        entry("patch", "10:00", pod(started="09:00")),
        evicted,
        entry("patch", "10:06", pod(started="09:00"), **status),
    )
    assert seen(later)[0].lifetime == life("09:00", END, edge("10:00"), END)


def test_a_deletion_of_which_the_log_kept_nothing_may_have_been_one(log: Any) -> None:
    """At level Metadata a dry run and a deletion that finalizers hold look the same."""
    cluster = log(
        entry("create", "10:00", policy()), entry("delete", "10:05", None, subject=policy(), level="Metadata")
    )
    assert seen(cluster, "policies", "n")[0].lifetime == life(
        edge("10:00"), END, edge("10:00"), edge("10:05")
    )


def test_what_is_applied_by_the_server_may_be_made_by_it(log: Any) -> None:
    cluster = log(entry("patch", "10:00", policy(), responseStatus={"code": 201}))
    assert seen(cluster, "policies", "n")[0].lifetime.start == edge("10:00")


def test_a_list_of_entries_is_read_too(tmp_path: Path) -> None:
    events = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}}
    items = [{**entry("create", "10:00", policy()), "kind": None, "apiVersion": None}]
    (tmp_path / "a.json").write_text(json.dumps({**events, "items": items}))
    assert seen(load_cluster(tmp_path), "policies", "n")[0].lifetime.start == edge("10:00")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"stageTimestamp": None}, "has no stageTimestamp"),
        ({"stageTimestamp": "soon"}, "is not a time"),
        ({"objectRef": []}, "is not an audit entry"),
        ({"responseStatus": {"code": "200"}}, "is not an audit entry"),
        ({"responseObject": policy(port=0)}, "must be from 1 to 65535"),
    ],
)
def test_hostile_entries_are_located_problems(log: Any, parts: Any, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        log(entry("create", "10:00", policy("m")), {**entry("create", "10:00", policy()), **parts})
    assert message in caught.value.problems[0].message
    assert "audit.jsonl:2" in caught.value.problems[0].where

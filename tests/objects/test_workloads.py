"""Pods get the workload at the top of their owner chain; workloads without pods stand as one template."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from flowcheck.model.cluster import Cluster, ContainerPort, Workload
from flowcheck.model.protocols import SCTP, TCP, UDP

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]


def owned(kind: str, name: str) -> dict[str, Any]:
    return {"ownerReferences": [{"kind": kind, "name": name, "controller": True, "uid": "u"}]}


def thing(kind: str, name: str, api: str = "apps/v1", spec: Any = None, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": "x", **metadata},
        "spec": spec or {},
    }


def pod(name: str, spec: Any = None, status: Any = None, **metadata: Any) -> dict[str, Any]:
    return {**thing("Pod", name, "v1", spec, **metadata), "status": status or {}}


def items(*objects: dict[str, Any]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def workloads(cluster: Cluster) -> dict[str, str]:
    return {one.name: f"{one.workload.kind}/{one.workload.name}" for one in cluster.pods}


TEMPLATE = {
    "template": {
        "metadata": {"labels": {"app": "t"}},
        "spec": {"containers": [{"ports": [{"containerPort": 80}]}]},
    }
}


def test_a_pod_of_a_replica_set_belongs_to_its_deployment(load: Load) -> None:
    cluster = load(
        items(
            pod("web-1-a", **owned("ReplicaSet", "web-1")),
            thing("ReplicaSet", "web-1", **owned("Deployment", "web")),
            thing("ReplicaSet", "web-0", **owned("Deployment", "web")),
            thing("Deployment", "web", **owned("Operator", "boss")),
        ),
        "a.json",
    )
    assert workloads(cluster) == {"web-1-a": "Deployment/web"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"pod-template-hash": "1"}, "Deployment/web"),
        ({}, "ReplicaSet/web-1"),
        ({"pod-template-hash": ""}, "ReplicaSet/web-1"),
    ],
)
def test_a_deployment_is_inferred_from_the_template_hash(load: Load, labels: Any, expected: str) -> None:
    cluster = load(items(pod("a", labels=labels, **owned("ReplicaSet", "web-1"))), "a.json")
    assert workloads(cluster) == {"a": expected}


def test_other_owners(load: Load) -> None:
    cluster = load(
        items(
            pod("job", **owned("Job", "nightly-1")),
            thing("Job", "nightly-1", "batch/v1", **owned("CronJob", "nightly")),
            pod("lost-job", **owned("Job", "other-1")),
            pod("db-0", **owned("StatefulSet", "db")),
            pod("rollout", **owned("Rollout", "canary")),
            pod("static", **owned("Node", "n1")),
            pod("bare"),
            pod("uncontrolled", ownerReferences=[{"kind": "Thing", "name": "t"}]),
        ),
        "a.json",
    )
    assert workloads(cluster) == {
        "job": "CronJob/nightly",
        "lost-job": "Job/other-1",
        "db-0": "StatefulSet/db",
        "rollout": "Rollout/canary",
        "static": "Pod/static",
        "bare": "Pod/bare",
        "uncontrolled": "Pod/uncontrolled",
    }


CONFIG = "openshift.io/deployment-config.name"


def links(cluster: Cluster) -> dict[str, list[str]]:
    return {one.name: [f"{link.kind}/{link.name}" for link in one.owners] for one in cluster.pods}


@pytest.mark.parametrize(
    ("labels", "name", "expected"),
    [
        ({"deploymentconfig": "cart"}, "cart-2", "DeploymentConfig/cart"),
        ({CONFIG: "cart"}, "cart-2", "DeploymentConfig/cart"),
        ({CONFIG: "cart"}, "cart-b", "ReplicationController/cart-b"),
        ({CONFIG: "other"}, "cart-2", "ReplicationController/cart-2"),
        ({}, "cart-2", "ReplicationController/cart-2"),
    ],
)
def test_a_deployment_config_is_inferred_from_labels(
    load: Load, labels: dict[str, str], name: str, expected: str
) -> None:
    """Of the pod where its controller was not given, else of the controller, which may name no owner."""
    given = pod("a", labels=labels, **owned("ReplicationController", name))
    assert workloads(load(items(given), "a.json")) == {"a": expected}
    named = pod("a", **owned("ReplicationController", name))
    controller = thing("ReplicationController", name, "v1", labels=labels)
    assert workloads(load(items(named, controller), "a.json")) == {"a": expected}


def test_a_custom_owner_is_looked_for_behind_a_replica_set_that_is_given(load: Load) -> None:
    cluster = load(
        items(
            pod("a", labels={"pod-template-hash": "1"}, **owned("ReplicaSet", "web-1")),
            thing("ReplicaSet", "web-1", **owned("Rollout", "web")),
            pod("b", labels={"pod-template-hash": "1"}, **owned("ReplicaSet", "orphan-1")),
            thing("ReplicaSet", "orphan-1"),
            pod("c", **owned("CloneSet", "c")),
        ),
        "a.json",
    )
    assert workloads(cluster) == {"a": "Rollout/web", "b": "ReplicaSet/orphan-1", "c": "CloneSet/c"}
    assert links(cluster) == {"a": ["ReplicaSet/web-1"], "b": [], "c": []}


def test_a_chain_of_owners_that_goes_round_ends(load: Load) -> None:
    round_trip = [
        pod("a", **owned("Job", "j")),
        thing("Job", "j", "batch/v1", **owned("ReplicaSet", "r")),
        thing("ReplicaSet", "r", **owned("Job", "j")),
    ]
    cluster = load(items(*round_trip), "a.json")
    assert (workloads(cluster)["a"], links(cluster)["a"]) == ("ReplicaSet/r", ["Job/j"])


def test_a_template_goes_by_its_links_of_today(load: Load) -> None:
    cluster = load(
        items(
            thing("Deployment", "web", spec=TEMPLATE),
            thing("ReplicaSet", "web-1", spec={"replicas": 0, **TEMPLATE}, **owned("Deployment", "web")),
            thing("ReplicaSet", "web-2", spec={"replicas": 2, **TEMPLATE}, **owned("Deployment", "web")),
            thing("ReplicationController", "past", "v1", {"replicas": 0, **TEMPLATE}),
            thing("Deployment", "idle", spec={"replicas": 0, **TEMPLATE}),
        ),
        "a.json",
    )
    assert links(cluster) == {"web": ["ReplicaSet/web-2"], "idle": []}


@pytest.mark.parametrize(
    ("kind", "api"),
    [
        ("Deployment", "apps/v1"),
        ("Deployment", "extensions/v1beta1"),
        ("ReplicaSet", "apps/v1"),
        ("StatefulSet", "apps/v1"),
        ("DaemonSet", "apps/v1"),
        ("ReplicationController", "v1"),
        ("DeploymentConfig", "apps.openshift.io/v1"),
        ("Job", "batch/v1"),
    ],
)
def test_a_workload_without_pods_is_a_template(load: Load, kind: str, api: str) -> None:
    (only,) = load(items(thing(kind, "web", api, TEMPLATE)), "a.json").pods
    assert only.template
    assert only.workload == Workload(kind, "x", "web")
    assert only.labels == {"app": "t"}
    assert only.ports == (ContainerPort("", 80, TCP),)


def test_a_cron_job_has_its_template_one_level_deeper(load: Load) -> None:
    (only,) = load(
        items(thing("CronJob", "n", "batch/v1", {"jobTemplate": {"spec": TEMPLATE}})), "a.json"
    ).pods
    assert only.labels == {"app": "t"}


def test_templates_only_where_no_pod_runs(load: Load) -> None:
    """A finished pod does not stand for its workload; an owned workload is never a template of its own."""
    cluster = load(
        items(
            thing("Deployment", "web", spec=TEMPLATE),
            thing("ReplicaSet", "web-1", spec=TEMPLATE, **owned("Deployment", "web")),
            thing("ReplicaSet", "gone-1", spec=TEMPLATE, **owned("Deployment", "gone")),
            thing("ReplicaSet", "gone-2", spec=TEMPLATE, **owned("Deployment", "gone")),
            thing("StatefulSet", "db", spec=TEMPLATE),
            pod("db-0", **owned("StatefulSet", "db")),
            thing("Job", "once", "batch/v1", TEMPLATE),
            pod("once-x", status={"phase": "Succeeded"}, **owned("Job", "once")),
        ),
        "a.json",
    )
    assert [str(one.workload) for one in cluster.pods if one.template] == [
        "x/Deployment/web",
        "x/Deployment/gone",
        "x/Job/once",
    ]
    assert [one.name for one in cluster.pods if one.finished] == ["once-x"]


def test_ports_of_containers_and_native_sidecars(load: Load) -> None:
    spec = {
        "containers": [
            {"ports": [{"containerPort": 80, "name": "web"}, {"containerPort": 53, "protocol": "UDP"}]}
        ],
        "initContainers": [
            {"ports": [{"containerPort": 1}]},
            {"restartPolicy": "Always", "ports": [{"containerPort": 90, "name": "web", "protocol": "SCTP"}]},
        ],
    }
    (only,) = load(items(pod("a", spec)), "a.json").pods
    assert only.ports == (
        ContainerPort("web", 80, TCP),
        ContainerPort("", 53, UDP),
        ContainerPort("web", 90, SCTP, sidecar=True),
    )


def test_addresses_are_canonical_and_both_families_kept(load: Load) -> None:
    status = {
        "podIP": "10.0.0.1",
        "podIPs": [{"ip": "10.0.0.1"}, {"ip": "FD00:0:0::1"}],
        "hostIP": "10.9.0.1",
    }
    (only,) = load(items(pod("a", {"nodeName": "n1", "hostNetwork": True}, status)), "a.json").pods
    assert only.addresses == ("10.0.0.1", "fd00::1")
    assert (only.node, only.host_address, only.host_network) == ("n1", "10.9.0.1", True)
    (only,) = load(items(pod("a", status={"podIP": "10.0.0.1"})), "a.json").pods
    assert only.addresses == ("10.0.0.1",)


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({}, True),
        ({"phase": "Pending"}, False),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, False),
        (
            {"conditions": [{"type": "Initialized", "status": "False"}, {"type": "Ready", "status": "True"}]},
            True,
        ),
    ],
)
def test_readiness(load: Load, status: Any, ready: bool) -> None:
    assert load(items(pod("a", status=status)), "a.json").pods[0].ready is ready


def test_nulls_are_as_absent(load: Load) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: null, ownerReferences: }\n"
        "spec: {containers: null, initContainers: }\nstatus: {podIPs: null, conditions: }\n"
    )
    (only,) = load(text).pods
    assert (only.namespace, only.addresses, only.ports) == ("default", (), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labels: {a: no}", "a.yaml:6 metadata.labels.a: Pod default/p: `no` is a truth value or a number"),
        (
            "labels: {a: 1}",
            "a.yaml:6 metadata.labels.a: Pod default/p: must be text, is a number (put it in quotes)",
        ),
        ("labels: {a: true}", "must be text, is true or false (put it in quotes)"),
        ("labels: {a: 1.20}", "must be text, is a number with a fraction"),
        ("labels: {a: null}", "must be text, is nothing"),
        ("labels: {yes: b}", 'the key `yes` is not text (quote it: "yes")'),
        ("labels: [a]", "metadata.labels: Pod default/p: must be a mapping, is a list"),
        ("labels: a=b", "must be a mapping, is text"),
        ('labels: {a: "b c"}', "a.yaml:6 metadata.labels.a: Pod default/p: a label value"),
        (f"labels: {{a: {'x' * 64}}}", "a label value"),
        ('labels: {"a b": c}', "a label key"),
        ("ownerReferences: [{kind: 3}]", "metadata.ownerReferences[0].kind"),
    ],
)
def test_pod_metadata_that_is_refused(problems: Problems, text: str, message: str) -> None:
    found = problems(f"apiVersion: v1\nkind: Pod\nmetadata:\n  namespace: default\n  name: p\n  {text}\n")
    assert message in found[0]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("status: {podIP: 10.0.0.300}", "a.yaml:4 status.podIPs: Pod p: is not an IP address"),
        ("spec: {containers: [{ports: [{containerPort: 70000}]}]}", "must be from 1 to 65535"),
        ("spec: {containers: [{ports: [{containerPort: http}]}]}", "must be a whole number, is text"),
        ("spec: {containers: [{ports: [{containerPort: 0120}]}]}", "`0120` does not mean the same to all"),
        ("spec: {containers: [{ports: [{containerPort: 80, protocol: tcp}]}]}", "must be TCP, UDP or SCTP"),
        ("spec: {hostNetwork: yes}", "spec.hostNetwork: Pod p: `yes` does not mean the same to all readers"),
        ("spec: {hostNetwork: 'true'}", "must be true or false, is text"),
        ("spec: [1]", "spec: Pod p: must be a mapping, is a list"),
    ],
)
def test_pods_that_are_refused(problems: Problems, rest: str, message: str) -> None:
    assert message in problems(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n{rest}\n")[0]


def test_a_problem_in_json_has_its_line(problems: Problems) -> None:
    text = '{"apiVersion": "v1", "kind": "List", "items": [\n\n{"apiVersion": "v1", "kind": "Pod",\n'
    text += '"metadata": {"name": "p",\n"labels": {"a": 1}}}]}'
    assert problems(text, "a.json") == [
        "a.json:5 metadata.labels.a: Pod p: must be text, is a number (put it in quotes)"
    ]


def test_what_is_not_read_may_be_anything(load: Load) -> None:
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {on: no}, managedFields: 7}\n"
        "spec: {containers: [{image: 1.20, env: [{name: A, value: no}]}], tolerations: {}}\n"
    )
    assert load(text).pods[0].name == "p"


def test_objects_with_generated_names_are_different_objects(load: Load) -> None:
    """Each creation is another object, also where two say the same; a real name never collides with them."""
    text = "apiVersion: %s\nkind: %s\nmetadata: {%s, namespace: x}\n"
    pod, policy = ("v1", "Pod"), ("networking.k8s.io/v1", "NetworkPolicy")
    cluster = load(
        "---\n".join(
            [
                text % (*pod, "generateName: p-"),
                text % (*pod, "generateName: p-"),
                text % (*pod, "name: p-1"),
                text % (*pod, "generateName: q-, name: ''"),
                text % (*pod, "generateName: p-, name: r"),
                text % (*policy, "generateName: p-") + "spec: {podSelector: {}}\n",
                text % (*policy, "generateName: p-") + "spec: {podSelector: {}, policyTypes: [Egress]}\n",
            ]
        )
    )
    assert [one.name for one in cluster.pods] == [
        "p-generated-1",
        "p-generated-2",
        "p-1",
        "q-generated-1",
        "r",
    ]
    assert [one.name for one in cluster.policies] == ["p-generated-1", "p-generated-2"]


def test_a_generated_name_must_begin_as_a_name(problems: Any) -> None:
    (problem,) = problems("apiVersion: v1\nkind: Pod\nmetadata: {generateName: P_}\n")
    assert "metadata.generateName" in problem


def test_namespaces_are_completed(load: Load) -> None:
    cluster = load(
        items(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "y", "labels": {"a": "b"}}},
            pod("p"),
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": "n", "namespace": "z"},
            },
        ),
        "a.json",
    )
    name = "kubernetes.io/metadata.name"
    assert {key: dict(one.labels) for key, one in cluster.namespaces.items()} == {
        "y": {"a": "b", name: "y"},
        "x": {name: "x"},
        "z": {name: "z"},
    }


def test_nodes_are_read_and_inferred(load: Load) -> None:
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n1", "labels": {"zone": "a"}},
        "spec": {"podCIDR": "10.1.0.0/24", "podCIDRs": ["10.1.0.0/24", "fd01::1/64"]},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "10.9.0.1"},
                {"type": "Hostname", "address": "n1"},
                {"type": "ExternalIP", "address": "198.51.100.1"},
            ]
        },
    }
    cluster = load(
        items(
            node,
            pod("a", {"nodeName": "n1"}, {"hostIP": "10.9.0.1"}),
            pod("b", {"nodeName": "n2"}, {"hostIP": "10.9.0.2"}),
            pod("c", {}, {"hostIP": "10.9.0.2"}),
            pod("d", {}, {"hostIP": "10.9.0.3"}),
            pod("e", {"nodeName": "n9"}, {"hostIP": "10.9.0.9", "phase": "Failed"}),
        ),
        "a.json",
    )
    first, *rest = cluster.nodes
    assert (first.labels, first.addresses) == ({"zone": "a"}, ("10.9.0.1", "198.51.100.1"))
    assert first.pod_cidrs == ("10.1.0.0/24", "fd01::/64")
    assert [(node.name, node.addresses, node.described) for node in rest] == [
        ("n2", ("10.9.0.2",), False),
        ("10.9.0.3", ("10.9.0.3",), False),
    ]


def test_ports_of_init_containers_and_the_account_are_kept_apart(load: Load) -> None:
    spec = {
        "serviceAccountName": "web",
        "initContainers": [
            {"ports": [{"containerPort": 81, "name": "db"}]},
            {"restartPolicy": "Always", "ports": [{"containerPort": 82, "name": "mesh"}]},
        ],
        "containers": [{"ports": [{"containerPort": 80, "name": "http"}]}],
    }
    accounts = thing("ServiceAccount", "web", "v1", labels={"role": "front"})
    cluster = load(items(pod("a", spec), pod("b", {"serviceAccount": "old"}), pod("c"), accounts), "a.json")
    first = cluster.pods[0]
    assert first.ports == (ContainerPort("http", 80, TCP), ContainerPort("mesh", 82, TCP, sidecar=True))
    assert first.init_ports == (ContainerPort("db", 81, TCP),)
    assert [one.account for one in cluster.pods] == ["web", "old", "default"]
    assert cluster.accounts == {("x", "web"): {"role": "front"}}

"""Loading as a whole: every problem at once, keep-going, policies beside the cluster, duplicates, remarks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flowcheck.errors import ManifestError, PolicyError
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster

Load = Callable[..., Cluster]
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: x, labels: {app: a}}\n"
POLICY = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: x}\n"
    "spec: {podSelector: {}, ingress: [{ports: [{port: %s}]}]}\n"
)


def documents(*texts: str) -> str:
    return "---\n".join(texts)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", documents(POD % "a", POLICY % ("p", 0), "kind: ["))
    write(tmp_path / "b.yaml", POLICY % ("q", "no"))
    with pytest.raises(ManifestError) as caught:
        load_cluster([tmp_path, tmp_path / "absent"])
    assert caught.value.message == "4 problems in the manifests"
    assert [p.where.removeprefix(f"{tmp_path}/") for p in caught.value.problems] == [
        "a.yaml:8 spec.ingress[0].ports[0].port",
        "a.yaml:10",
        "b.yaml:4 spec.ingress[0].ports[0].port",
        "absent",
    ]
    assert not isinstance(caught.value, PolicyError)


def test_one_policy_may_have_several_problems(load: Load) -> None:
    text = POLICY.replace("{}", "{matchLabels: {a: 1}}") % ("p", 0)
    with pytest.raises(PolicyError, match="2 problems"):
        load(text)


def test_keep_going_judges_with_the_rest(load: Load) -> None:
    cluster = load(documents(POD % "a", POLICY % ("p", 0), "kind: [\n", POLICY % ("q", 1)), keep_going=True)
    assert [policy.name for policy in cluster.policies] == ["q"]
    refused = [one for one in cluster.skipped if one.reason.startswith("refused: ")]
    assert [(one.kind, one.name, one.source.line) for one in refused] == [
        ("NetworkPolicy", "p", 5),
        ("", "", 10),
    ]


def test_policies_are_added_or_take_the_place(tmp_path: Path) -> None:
    cluster = write(tmp_path / "c.yaml", documents(POD % "a", POLICY % ("p", 80)))
    more = write(
        tmp_path / "p.yaml", documents(POD.replace("app: a", "app: other") % "a", POLICY % ("q", 80))
    )
    added = load_cluster([cluster], policies=[more])
    assert [policy.name for policy in added.policies] == ["p", "q"]
    assert [pod.labels for pod in added.pods] == [{"app": "a"}]
    replaced = load_cluster(cluster, policies=more, replace_policies=True)
    assert [policy.name for policy in replaced.policies] == ["q"]


def test_a_policy_may_be_replaced_even_if_broken(tmp_path: Path) -> None:
    cluster = write(tmp_path / "c.yaml", documents(POD % "a", POLICY % ("p", 0)))
    fixed = write(tmp_path / "p.yaml", POLICY % ("p", 80))
    assert len(load_cluster([cluster], policies=[fixed], replace_policies=True).policies) == 1


def test_a_policy_may_not_stand_twice_with_different_content(tmp_path: Path, load: Load) -> None:
    with pytest.raises(PolicyError) as caught:
        load(documents(POLICY % ("p", 80), POLICY % ("p", 81)))
    assert "stands twice, with other content at" in caught.value.problems[0].message
    cluster = write(tmp_path / "c.yaml", POLICY % ("p", 80))
    with pytest.raises(PolicyError) as caught:
        load_cluster([cluster], policies=[write(tmp_path / "p.yaml", POLICY % ("p", 81))])
    assert "--replace-policies" in caught.value.problems[0].hint


def test_the_same_policy_twice_is_a_warning(load: Load) -> None:
    cluster = load(documents(POD % "a", POLICY % ("p", 80), POLICY % ("p", 80)))
    assert len(cluster.policies) == 1
    assert "NetworkPolicy x/p: stands twice, the same at" in cluster.warnings[0]


def test_a_pod_may_not_stand_twice_with_different_content(load: Load) -> None:
    assert len(load(documents(POD % "a", POD % "a")).pods) == 1
    with pytest.raises(ManifestError, match="stands twice"):
        load(documents(POD % "a", (POD % "a").replace("app: a", "app: b")))


def test_a_policy_without_a_name_is_read_with_a_warning(load: Load) -> None:
    text = (POLICY % ("p", 80)).replace("name: p, ", "")
    cluster = load(documents(POD % "a", text, text))
    assert [policy.name for policy in cluster.policies] == ["unnamed-2", "unnamed-3"]
    assert "has no metadata.name" in cluster.warnings[0]


def test_policies_in_other_languages_are_listed_and_warned_of(load: Load) -> None:
    text = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: c}\n"
    cluster = load(documents(POD % "a", text))
    assert [one.reason for one in cluster.skipped] == ["a policy in the language of Istio, which is not read"]
    assert cluster.warnings == (
        "1 x RequestAuthentication not read: it is in the language of Istio, so verdicts leave it out",
    )


@pytest.mark.parametrize(
    ("pods", "policy", "words"),
    [
        (
            POD % "a",
            POLICY.replace("podSelector: {}", "podSelector: {matchLabels: {app: b}}"),
            "selects no pod",
        ),
        (POD.replace("x", "other") % "a", POLICY, "namespace x has no pods, but policies"),
        (POD % "a" + "spec: {hostNetwork: true}\n", POLICY, "selects only pods on the host network"),
        (POD % "a" + "status: {phase: Failed}\n", POLICY, "namespace x has no pods, but policies"),
    ],
)
def test_idle_policies_are_remarked(load: Load, pods: str, policy: str, words: str) -> None:
    (remark,) = load(documents(pods, policy % ("p", 80))).warnings
    assert words in remark
    assert "NetworkPolicy/x/p" in remark


CACHE = """apiVersion: v1
kind: Pod
metadata: {name: cache-1, namespace: kube-system, labels: {k8s-app: node-local-dns}}
spec: {hostNetwork: true, nodeName: n1}
"""


DNS_SERVICE = """apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, ports: [{port: 53, protocol: UDP}]}
"""


def test_a_cache_of_dns_on_the_nodes_is_remarked(load: Load) -> None:
    (remark,) = load(documents(POD % "a", CACHE, DNS_SERVICE)).warnings
    assert "may answer at the address of kube-system/Service/kube-dns" in remark


def test_a_policy_at_work_gives_no_remark(load: Load) -> None:
    assert load(documents(POD % "a", POLICY % ("p", 80))).warnings == ()


def test_hostile_names_stay_as_they_are_in_problems(load: Load) -> None:
    with pytest.raises(ManifestError) as caught:
        load('apiVersion: v1\nkind: Pod\nmetadata: {name: "\\e]0;owned\\a"}\n')
    assert "\x1b]0;owned\x07" in caught.value.problems[0].message


def test_problems_never_quote_other_fields(load: Load) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: 1}}\n"
    text += "spec: {containers: [{env: [{value: hunter2}]}]}\n"
    with pytest.raises(ManifestError) as caught:
        load(text)
    assert "hunter2" not in str(caught.value)

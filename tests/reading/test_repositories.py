"""Folders as in Git: what is not for Kubernetes is left out; what may hold a policy is not lost."""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowcheck.errors import ManifestError
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster

Load = Callable[..., Cluster]
Problems = Callable[..., list[str]]

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x, labels: {app: a}}\n"
POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: x}\n"
TEMPLATE = "{{- if .Values.on }}\n" + POLICY % '{{ include "web.name" . }}' + "{{- end }}\n"


def fill(folder: Path, **files: str | bytes) -> Path:
    """Write files; their names are the keys, with ``__`` for / and ``_`` for a dot."""
    for key, text in files.items():
        path = folder / key.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def left_out(cluster: Cluster) -> dict[str, str]:
    return {Path(one.source.file).name: one.reason for one in cluster.skipped}


def test_files_of_other_programs_are_listed_and_stop_nothing(tmp_path: Path) -> None:
    fill(
        tmp_path,
        pod_yaml=POD,
        Chart_yaml="apiVersion: v2\nname: web\nversion: 0.1.0\n",
        values_yaml="replicas: 2\nimage: {tag: v1}\n",
        compose_yaml="x: &x {restart: always}\nservices: {web: {<<: *x}}\n",
        mkdocs_yml="site_name: docs\nplugins: !!python/name:a.b\n",
        cloud_yml="Resources: {A: !Ref B}\nOther: [!Sub x]\n",
        plays_yml="- hosts: all\n  tasks: []\n- !vault abc\n",
        drone_yml="kind: pipeline\ntype: docker\nsteps: []\n",
        patch_json='[{"op": "add", "path": "/a"}]',
        package_json='{"name": "web", "version": "1.0.0"}',
        tsconfig_json='{\n// comments are no JSON\n"a": 1}',
        latin_yml="title: café\n".encode("latin-1"),
        text_yaml="hello\n",
        broken_yml="a: [\n",
        alerts_yml="a:\n- b: '{{ template \"c\" . }}\n   d: e'\n f: g\n",
    )
    cluster = load_cluster(tmp_path)
    assert [pod.name for pod in cluster.pods] == ["a"]
    (warning,) = cluster.warnings
    assert warning.startswith("left out, as it holds no Kubernetes objects: ")
    reasons = left_out(cluster)
    assert len(reasons) == 14
    assert {reason.partition(":")[0].partition(" but ")[0] for reason in reasons.values()} == {
        "not a Kubernetes object"
    }
    assert reasons["Chart.yaml"] == "not a Kubernetes object: no kind"
    assert reasons["drone.yml"] == "not a Kubernetes object: no apiVersion"
    assert "neither apiVersion nor kind, and it is not YAML: did not find" in reasons["broken.yml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("apiVersion: networking.k8s.io/v1\nspec: {podSelector: {}}\n", "has no kind"),
        ("spec: {podSelector: {}}\n", "has no kind"),
        ("metadata: {name: a}\n", "has no kind"),
        ("kind: NetworkPolicy\n", "has no apiVersion"),
        ("kind: Pod\nmetadata: {name: a}\n", "has no apiVersion"),
        ("kind: [\n", "is not YAML"),
        (POLICY % "p" + "spec: !x {}\n", "has a YAML tag"),
    ],
)
def test_what_may_have_been_an_object_is_refused(tmp_path: Path, text: str, message: str) -> None:
    fill(tmp_path, pod_yaml=POD, odd_yaml=text)
    with pytest.raises(ManifestError) as caught:
        load_cluster(tmp_path)
    assert message in str(caught.value)


def test_a_helm_template_stops_and_names_its_chart(tmp_path: Path) -> None:
    fill(
        tmp_path,
        pod_yaml=POD,
        my_chart__Chart_yaml="apiVersion: v2\nname: web\n",
        my_chart__templates__np_yaml=TEMPLATE,
        my_chart__templates__sub__svc_yaml="kind: Service\nmetadata: {name: '{{ .Values.x }}'}\n",
        my_chart__templates__plain_yaml=POD.replace("name: a", "name: b"),
    )
    with pytest.raises(ManifestError) as caught:
        load_cluster(tmp_path)
    (problem,) = caught.value.problems
    assert problem.where.endswith("templates/np.yaml")
    assert problem.message.endswith(
        "is a Helm template, so its objects are not known, nor those of 1 more beside it"
    )
    assert problem.hint.endswith(f"helm template {tmp_path}/my.chart | flowcheck ... --cluster -")
    kept = load_cluster(tmp_path, keep_going=True)
    assert [pod.name for pod in kept.pods] == ["b", "a"]
    assert sum(one.reason.startswith("refused: is a Helm template") for one in kept.skipped) == 2
    (first, _) = kept.refused
    assert (str(first.source).partition(":")[0], first.kind) == (problem.where.partition(":")[0], "")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TEMPLATE, "a Helm template"),
        ('{{ include "common.networkpolicy" . }}\n', "a Helm template"),
        (POLICY % "{{ app }}", "a template of another program"),
        ("{% for x in y %}\n" + POLICY % "a" + "{% endfor %}\n", "a template of another program"),
    ],
)
def test_a_template_without_its_chart_is_named(problems: Problems, text: str, kind: str) -> None:
    (problem,) = problems(text)
    assert f"is {kind}" in problem
    assert "(render it first" in problem


def test_braces_in_values_are_no_template(load: Load) -> None:
    note = '{metadata: {annotations: {text: "{{ $labels.pod }} ${HOME}"}}}'
    assert len(load(POD.replace("}}\n", "}, annotations: {a: '{{ $x }}'}}\n") + f"spec: {note}\n").pods) == 1


@pytest.mark.parametrize("name", ["'{{ .Values.name }}'", "'${NAME}'", "'$(NAME)'"])
def test_a_name_that_was_not_filled_in(problems: Problems, name: str) -> None:
    (problem,) = problems(POLICY % name)
    assert "this file is still a template" in problem


def test_an_openshift_template_with_a_policy_stops(problems: Problems, load: Load) -> None:
    text = "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {name: t}\nobjects:\n- %s\n"
    policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: '${A}'}}"
    assert "oc process -f FILE" in problems(text % policy)[0]
    assert len(load(POD + "---\n" + text % "{kind: Service}").skipped) == 1


OVERLAY = (
    "resources: [../base]\npatches: [{path: p.yaml}, {patch: 'a: b'}]\npatchesStrategicMerge: [q.yaml]\n"
)


def test_patches_of_a_kustomization_are_no_objects(tmp_path: Path) -> None:
    fill(
        tmp_path,
        base__pod_yaml=POD,
        base__kustomization_yaml="resources: [pod.yaml]\n",
        over__kustomization_yaml=OVERLAY,
        over__p_yaml=POD.replace("app: a", "app: b"),
        over__q_yaml="spec: {podSelector: {}}\n",
    )
    cluster = load_cluster(tmp_path)
    assert [pod.labels for pod in cluster.pods] == [{"app": "a"}]
    assert left_out(cluster)["p.yaml"] == left_out(cluster)["q.yaml"]
    assert left_out(cluster)["p.yaml"] == f"a patch of {tmp_path}/over/kustomization.yaml"
    (warning,) = cluster.warnings
    assert f"the kustomization in {tmp_path}/over changes what it takes" in warning
    assert f"kustomize build {tmp_path}/over | flowcheck ... --cluster -" in warning


def test_what_a_kustomization_takes_whole_is_an_object_though_another_patches_with_it(tmp_path: Path) -> None:
    fill(tmp_path, pod_yaml=POD, a__kustomization_yaml="patches: [{path: ../pod.yaml}]\n")
    fill(tmp_path, b__kustomization_yaml="resources: [../pod.yaml]\n")
    assert len(load_cluster(tmp_path).pods) == 1


def test_overlays_that_differ_are_one_at_a_time(tmp_path: Path) -> None:
    for name, label in (("dev", "a"), ("prod", "b")):
        pod = POD.replace("app: a", f"app: {label}")
        fill(tmp_path / name, kustomization_yaml="resources: [pod.yaml]\n", pod_yaml=pod)
    with pytest.raises(ManifestError) as caught:
        load_cluster(tmp_path)
    assert "kustomize build FOLDER" in caught.value.problems[0].hint
    assert len(load_cluster(tmp_path / "dev").pods) == 1


def test_a_patch_alone_is_an_object(tmp_path: Path) -> None:
    """Who names only the one file means it."""
    fill(tmp_path, kustomization_yaml="patches: [{path: p.yaml}]\n", p_yaml=POD)
    assert len(load_cluster(tmp_path / "p.yaml").pods) == 1


def test_what_a_kustomization_takes_from_elsewhere_is_missed(tmp_path: Path) -> None:
    far = "https://example.org/base?ref=v1"
    fill(tmp_path, over__Kustomization=f"resources: [../base, {far}, a.yaml]\n", over__a_yaml=POD)
    (warning,) = load_cluster(tmp_path / "over").warnings
    assert f"{tmp_path}/base (and 1 more), which a kustomization takes, was not given" in warning
    fill(tmp_path, base__b_yaml=POD)
    assert far in load_cluster([tmp_path / "over", tmp_path / "base"]).warnings[0]


def test_a_kustomization_may_be_anything(tmp_path: Path) -> None:
    fill(tmp_path, pod_yaml=POD, a__kustomization_yaml="- a\n", b__kustomization_yaml="patches: {a: [\n")
    fill(tmp_path, c__kustomization_yaml="resources: {a: b}\npatches: [1, [], {path: 3}]\nbases: [4]\n")
    os.mkfifo(tmp_path / "Kustomization")
    assert len(load_cluster(tmp_path).pods) == 1


def test_a_named_file_without_objects_is_remarked(tmp_path: Path) -> None:
    fill(
        tmp_path,
        pod_yaml=POD,
        np_yaml="",
        error_yaml="No resources found\n",
        empty_json='{"kind":"List","items":[]}',
    )
    cluster = load_cluster([tmp_path / name for name in ("pod.yaml", "np.yaml", "error.yaml", "empty.json")])
    assert [warning.rpartition("/")[2] for warning in cluster.warnings] == [
        "np.yaml holds no Kubernetes object: nothing was taken from it",
        "error.yaml holds no Kubernetes object: nothing was taken from it",
    ]


def test_a_file_of_broken_parts_is_searched_once(tmp_path: Path) -> None:
    fill(tmp_path, pod_yaml=POD, broken_yaml="---\n[\n" * 5000 + "#" * 2_000_000)
    begun = time.process_time()
    assert len(load_cluster(tmp_path).skipped) == 5000
    assert time.process_time() - begun < 30


def test_files_that_only_look_like_manifests_are_listed(tmp_path: Path) -> None:
    fill(tmp_path, pod_YAML=POD, np_yaml_tmpl=TEMPLATE, np_yaml_off=TEMPLATE, notes_txt="a")
    cluster = load_cluster(tmp_path)
    assert len(cluster.pods) == 1
    assert sorted(left_out(cluster)) == ["np.yaml.off", "np.yaml.tmpl"]


def test_objects_that_stand_in_no_file_at_all(tmp_path: Path) -> None:
    fill(tmp_path, values_yaml="a: b\n")
    with pytest.raises(ManifestError, match="no Kubernetes objects found") as caught:
        load_cluster(tmp_path)
    assert "neither apiVersion nor kind" in caught.value.problems[0].message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.yaml", "a.json", "a"])
def test_what_powershell_writes_is_read(load: Load, encoding: str, name: str) -> None:
    text = POD if name != "a.json" else '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}'
    cluster = load(text.replace("\n", "\r\n").encode(encoding), name)
    assert [(pod.name, pod.source.line) for pod in cluster.pods] == [("a", 1)]


def test_big_endian_by_its_mark(load: Load) -> None:
    assert len(load(codecs.BOM_UTF16_BE + POD.encode("utf-16-be")).pods) == 1


@pytest.mark.parametrize("line", ["----", "-----------", "--", "  ---", "—", "\u2013\u2013"])
def test_lines_that_separate_nothing(problems: Problems, line: str) -> None:
    found = problems(f"{POLICY % 'a'}{line}\n{POLICY % 'b'}")
    assert "line 4 separates nothing: write ---" in found[0]


def test_a_missing_separator(problems: Problems) -> None:
    assert "write --- on a line of its own before it" in problems(POLICY % "a" + POLICY % "b")[0]


def test_a_merged_policy_is_judged_by_what_is_merged(load: Load) -> None:
    text = POLICY % "a" + "spec:\n  podSelector: &s {matchLabels: {app: a}}\n  ingress:\n  - from:\n"
    text += "    - podSelector: {<<: *s, matchExpressions: [{key: b, operator: Exists}]}\n"
    (policy,) = load(POD + "---\n" + text).policies
    assert str(policy.ingress[0].peers).count("Requirement") == 2


def test_selectors_one_level_too_high(problems: Problems) -> None:
    high = "spec:\n  podSelector:\n  matchLabels: {a: b}\n  ingress:\n  - from:\n    - matchExpressions: []\n"
    first, second = problems(POLICY % "a" + high)
    assert first.endswith("stands one level too high (indent it below podSelector)")
    assert second.endswith("(indent it below podSelector or namespaceSelector)")


def test_what_others_read_otherwise_is_said_once(load: Load) -> None:
    block = "spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: %s, except: [%s]}}]}]}\n"
    text = POLICY % "a" + block % ("198.51.100.1/24", "198.51.100.129/25")
    text += "---\n" + POLICY % "b" + block % ("203.000.113.000/024", "203.0.113.064/26")
    service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {clusterIP: 10.96.011.012}\n"
    cluster = load(POD + "---\n" + text + service)
    peers = [policy.ingress[0].peers for policy in cluster.policies]
    assert [(p[0].cidr, p[0].excepts) for p in peers if p] == [  # type: ignore[union-attr]
        ("198.51.100.0/24", ("198.51.100.128/25",)),
        ("203.0.113.0/24", ("203.0.113.64/26",)),
    ]
    assert cluster.services[0].cluster_ips == ("10.96.11.12",)
    bits, zeros = cluster.warnings
    assert "a.yaml:8 NetworkPolicy x/a: 198.51.100.1/24 has bits behind its prefix length" in bits
    assert bits.endswith("taken as 198.51.100.0/24 (1 more like it): write that")
    assert "203.000.113.000/024 has leading zeros" in zeros
    assert zeros.endswith("taken as 203.0.113.0/24 (2 more like it): write that")

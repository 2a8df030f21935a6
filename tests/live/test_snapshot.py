"""A snapshot of a small API server: what is in it, what an audit makes of it, and what goes wrong."""

from __future__ import annotations

import json
import os
import ssl
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import flowcheck as public
from flowcheck.kinds import KINDS
from flowcheck.live import listing
from flowcheck.model.instants import instant_of, parse_instant
from flowcheck.reading import load_cluster
from tests.cli.run import flowcheck
from tests.live.fake import TOKEN, Handler, Running, Store, configuration, serving
from tests.live.samples import NOBODYS, ROOT, SAMPLES, sample, with_more
from tests.test_schemas import check

pytest.importorskip("kubernetes", reason="needs the extra live")

FLOWS = ("flows/2026-03-10T00.parquet", "cilium/hubble.jsonl.gz", "mesh/logs")
"""Of the samples, in their order."""


def snapshot(running: Running, out: str | Path, *more: str) -> CompletedProcess[str]:
    done = flowcheck("snapshot", "-o", out, "--kubeconfig", running.kubeconfig, *more)
    assert TOKEN not in done.stdout + done.stderr
    assert NOBODYS not in done.stdout + done.stderr
    return done


def items(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["items"]
    return found


def test_a_snapshot_has_what_is_read_and_nothing_else(running: Running, tmp_path: Path) -> None:
    out = tmp_path / "cluster.json"
    done = snapshot(running, out)
    assert (done.returncode, done.stdout) == (0, "")
    note, *objects = items(out)
    check("snapshot_note", json.dumps(note))
    assert note["kind"] == "SnapshotNote"
    assert note["server"] == "v1.37.2"
    given = {(one["kind"], one["metadata"]["name"]) for one in with_more(sample("cluster"))}
    read = {one.kind for one in KINDS}
    assert {(one["kind"], one["metadata"]["name"]) for one in objects} == {
        (kind, name) for kind, name in given if kind in read and kind != "Secret"
    }
    assert NOBODYS not in out.read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert running.store.asked["/api/v1/secrets"] == 0
    assert "cluster.json: " in done.stderr
    assert "Kubernetes v1.37.2" in done.stderr


@pytest.mark.parametrize(("name", "flows"), [*zip(SAMPLES, FLOWS, strict=True)])
def test_an_audit_of_the_snapshot_says_what_one_of_the_manifests_says(
    name: str, flows: str, tmp_path: Path
) -> None:
    store = Store()
    store.load(one for one in with_more(sample(name)) if one["kind"] != "Secret")
    with serving(tmp_path, store) as running:
        assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": with_more(sample(name))}))
    taken = load_cluster([tmp_path / "cluster.json"])
    plain = load_cluster([given], at=taken.known_until)
    ours, theirs = (public.audit(ROOT / "data" / flows, one, jobs=1) for one in (taken, plain))
    assert ours.summary.verdicts == theirs.summary.verdicts
    assert ours.summary.verdicts.deny
    told = [[(one.fingerprint, one.records) for one in result.findings] for result in (ours, theirs)]
    assert told[0] == told[1]


def test_the_note_tells_when(running: Running, tmp_path: Path) -> None:
    """Whatever the file is called, and a file of a folder is called by its time."""
    before = time.time_ns() // 1000
    assert snapshot(running, tmp_path / "2020-01-01T00-00-00Z.json").returncode == 0
    after = time.time_ns() // 1000
    cluster = load_cluster([tmp_path / "2020-01-01T00-00-00Z.json"])
    assert before <= cluster.known_until <= after
    folder = tmp_path / "snapshots"
    assert snapshot(running, f"{folder}/").returncode == 0
    (file,) = folder.iterdir()
    assert snapshot(running, folder).returncode == 0
    assert 0 <= parse_instant(items(file)[0]["taken"]) - instant_of_name(file) < 1_000_000


def instant_of_name(file: Path) -> int:
    from datetime import UTC, datetime

    return instant_of(datetime.strptime(file.stem, "%Y-%m-%dT%H-%M-%SZ").replace(tzinfo=UTC))


def test_a_kind_that_was_asked_for_and_is_not_there_ended(running: Running, tmp_path: Path) -> None:
    """kubectl's List says nothing of kinds that it holds no object of."""
    store = running.store
    assert snapshot(running, tmp_path / "a.json").returncode == 0
    for key in list(store.objects["networking.k8s.io", "networkpolicies"]):
        store.delete("networking.k8s.io", "networkpolicies", key)
    time.sleep(0.01)
    assert snapshot(running, tmp_path / "b.json").returncode == 0
    cluster = load_cluster([tmp_path / "a.json", tmp_path / "b.json"])
    assert cluster.policies
    assert all(one.lifetime.end <= cluster.known_until for one in cluster.policies)
    assert not [one for one in cluster.warnings if "taken as not asked for" in one]


def test_lists_come_in_pages(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    pages = [query for plural, query in running.store.lists if plural == "pods"]
    pods = [one for one in items(tmp_path / "cluster.json") if one["kind"] == "Pod"]
    assert len(pages) == -(-len(pods) // 3) > 3
    assert len({one["metadata"]["name"] for one in pods}) == len(pods)


@pytest.mark.parametrize(("times", "whole"), [(1, False), (50, True)])
def test_a_list_that_expires_in_its_middle_is_begun_again(
    times: int, whole: bool, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 5)
    left = [times]

    def expire(handler: Handler, query: dict[str, str]) -> bool:
        if query.get("continue") != "10" or not left[0]:
            return False
        left[0] -= 1
        handler.status(410, "Expired")
        return True

    running.store.faults["/api/v1/pods"] = expire
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    pods = [one["metadata"]["name"] for one in items(tmp_path / "cluster.json") if one["kind"] == "Pod"]
    assert len(pods) == len(set(pods)) == len(running.store.objects["", "pods"])
    assert ("limit" not in running.store.lists_of("pods")[-1]) == whole


def test_what_may_not_be_listed_is_said_noted_and_not_passed_over(running: Running, tmp_path: Path) -> None:
    running.store.forbidden |= {"networkpolicies.networking.k8s.io"}
    out = tmp_path / "cluster.json"
    done = snapshot(running, out)
    assert done.returncode == 3
    assert (
        "warning: not in the snapshot: networkpolicies.networking.k8s.io may not be listed (403)"
        in done.stderr
    )
    assert "deploy/rbac.yaml" in done.stderr
    assert items(out)[0]["missing"][0]["kind"] == "networkpolicies.networking.k8s.io"
    audit = flowcheck("audit", ROOT / "data" / "flows", "--cluster", out, "--allow-no-policies", "-f", "json")
    assert audit.returncode == 3
    assert "left out: " in audit.stderr
    assert "networkpolicies.networking.k8s.io" in audit.stderr


def test_nothing_that_may_be_listed_is_no_snapshot(running: Running, tmp_path: Path) -> None:
    running.store.forbidden |= {one.plural for one in KINDS}
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 2
    assert "nothing may be listed (403)" in done.stderr
    assert not (tmp_path / "cluster.json").exists()


def test_config_maps_are_asked_for_by_name_alone(running: Running, tmp_path: Path) -> None:
    running.store.serve("", "v1", "configmaps", "ConfigMap")
    for name in ("cilium-config", "passwords"):
        data = {"enable-policy": "always", "password": NOBODYS}
        meta = {"name": name, "namespace": "kube-system"}
        running.store.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    (told,) = [one for one in items(tmp_path / "cluster.json") if one["kind"] == "ConfigMap"]
    assert told["data"] == {"enable-policy": "always"}
    assert all("fieldSelector" in query for query in running.store.lists_of("configmaps"))


def test_one_of_two_groups_is_asked_where_both_serve_the_same(running: Running, tmp_path: Path) -> None:
    store = running.store
    for group, version in (("projectcalico.org", "v3"), ("crd.projectcalico.org", "v1")):
        store.serve(group, version, "networkpolicies", "NetworkPolicy")
        store.serve(group, version, "tiers", "Tier")
    store.serve("crd.projectcalico.org", "v1", "ipamblocks", "IPAMBlock")
    store.serve("extensions", "v1beta1", "networkpolicies", "NetworkPolicy")
    store.serve("", "v1", "endpoints", "Endpoints")
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    assert store.asked["/apis/projectcalico.org/v3/networkpolicies"] == 1
    assert store.asked["/apis/crd.projectcalico.org/v1/networkpolicies"] == 0
    assert store.asked["/apis/crd.projectcalico.org/v1/ipamblocks"] == 1
    assert store.asked["/apis/extensions/v1beta1/networkpolicies"] == 0
    assert store.asked["/api/v1/endpoints"] == 0


def test_the_version_that_the_server_prefers_is_asked_for(running: Running, tmp_path: Path) -> None:
    store = running.store
    for version in ("v1beta1", "v1"):
        store.serve("security.istio.io", version, "authorizationpolicies", "AuthorizationPolicy")
    store.serve("security.istio.io", "v1beta1", "peerauthentications", "PeerAuthentication")
    store.preferred["security.istio.io"] = "v1"
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    assert store.asked["/apis/security.istio.io/v1/authorizationpolicies"] == 1
    assert store.asked["/apis/security.istio.io/v1beta1/authorizationpolicies"] == 0
    assert store.asked["/apis/security.istio.io/v1beta1/peerauthentications"] == 1


def test_policies_in_other_languages_are_named_and_not_copied(running: Running, tmp_path: Path) -> None:
    running.store.serve("crd.antrea.io", "v1beta1", "networkpolicies", "NetworkPolicy")
    meta = {"name": "antrea", "namespace": "shop"}
    running.store.put(
        {
            "apiVersion": "crd.antrea.io/v1beta1",
            "kind": "NetworkPolicy",
            "metadata": meta,
            "spec": {"x": NOBODYS},
        }
    )
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    assert NOBODYS not in (tmp_path / "cluster.json").read_text()
    (other,) = load_cluster([tmp_path / "cluster.json"]).other_policies
    assert (other.language, other.name) == ("Antrea", "antrea")


def test_a_group_that_does_not_answer_is_noted(running: Running, tmp_path: Path) -> None:
    store = running.store
    store.serve("projectcalico.org", "v3", "networkpolicies", "NetworkPolicy")
    store.faults["/apis/projectcalico.org/v3"] = busy(503)
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 3
    assert "projectcalico.org its API does not answer: it answers 503 (ServiceUnavailable)" in done.stderr


def busy(code: int, times: int = 1000, **headers: str) -> Callable[[Handler, dict[str, str]], bool]:
    left = [times]

    def answer(handler: Handler, query: dict[str, str]) -> bool:
        left[0] -= 1
        if left[0] < 0:
            return False
        handler.status(code, "ServiceUnavailable", **headers)
        return True

    return answer


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_server_that_is_busy_is_asked_again(code: int, running: Running, tmp_path: Path) -> None:
    running.store.faults["/api/v1/pods"] = busy(code, 2, **{"Retry-After": "0"})
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    running.store.faults["/api/v1/pods"] = busy(code)
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 3
    assert f"pods could not be listed: it answers {code}" in done.stderr


def test_an_answer_that_breaks_off_is_asked_for_again(running: Running, tmp_path: Path) -> None:
    left = [2]

    def break_off(handler: Handler, query: dict[str, str]) -> bool:
        left[0] -= 1
        if left[0] < 0:
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"items": [')
        handler.wfile.flush()
        handler.connection.close()
        handler.close_connection = True
        return True

    running.store.faults["/api/v1/pods"] = break_off
    assert snapshot(running, tmp_path / "cluster.json").returncode == 0
    assert left[0] < 0


def test_expired_credentials(running: Running, tmp_path: Path) -> None:
    running.kubeconfig.write_text(json.dumps(configuration(running.address, "old-token")))
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 2
    assert "does not take the credentials (401) (they may have expired: log in again" in done.stderr
    assert "old-token" not in done.stderr
    assert not (tmp_path / "cluster.json").exists()


def test_a_server_that_is_not_there(running: Running, tmp_path: Path) -> None:
    running.kubeconfig.write_text(json.dumps(configuration("http://127.0.0.1:1")))
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 2
    assert "the API server http://127.0.0.1:1 cannot be reached: Connection refused" in done.stderr


def test_something_that_is_no_api_server(running: Running, tmp_path: Path) -> None:
    running.store.faults["*"] = lambda handler, query: bool(handler.answer({"hello": 1}) or True)
    done = snapshot(running, tmp_path / "cluster.json")
    assert (done.returncode, "internal error" in done.stderr) == (2, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no kubeconfig that can be used"),
        ("a: [s3cret", "is no kubeconfig that can be used"),
        ("s3cret", "is no kubeconfig that can be used"),
        ("clusters: []\ncontexts: []\nusers: []\ncurrent-context: prod", "Expected object with name prod in"),
    ],
)
def test_a_kubeconfig_that_is_none(text: str, said: str, running: Running, tmp_path: Path) -> None:
    running.kubeconfig.write_text(text)
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 2
    assert said in done.stderr
    assert str(running.kubeconfig) in done.stderr
    assert "s3cret" not in done.stderr


def test_a_context_that_is_not_there(running: Running, tmp_path: Path) -> None:
    done = snapshot(running, tmp_path / "cluster.json", "--context", "prod")
    assert done.returncode == 2
    assert "Expected object with name prod in" in done.stderr


def test_a_plugin_for_credentials_that_fails(running: Running, tmp_path: Path) -> None:
    """What it printed may be secret, and the client would go on as nobody."""
    told = configuration(running.address)
    script = ["-c", f"echo {TOKEN} >&2; exit 1"]
    plugin = {"command": "sh", "args": script, "apiVersion": "client.authentication.k8s.io/v1"}
    told["users"][0]["user"] = {"exec": {**plugin, "interactiveMode": "Never"}}
    running.kubeconfig.write_text(json.dumps(told))
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 2
    assert "its plugin for credentials failed" in done.stderr


def test_no_kubeconfig_at_all(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "KUBECONFIG": ""}
    done = flowcheck("snapshot", "-o", tmp_path / "cluster.json", env=env)
    assert done.returncode == 2
    assert "no kubeconfig, and this is no pod of a cluster" in done.stderr


def test_a_kubeconfig_that_cannot_be_read(tmp_path: Path) -> None:
    done = flowcheck("snapshot", "-o", tmp_path / "cluster.json", "--kubeconfig", tmp_path / "none")
    assert done.returncode == 2
    assert "cannot be read: No such file or directory" in done.stderr


def test_a_server_that_nobody_vouches_for(store: Store, tmp_path: Path) -> None:
    """A certificate that no authority of the kubeconfig signed."""
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "1"]
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            *made,
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(tmp_path, store, tls=context) as running:
        done = snapshot(running, tmp_path / "cluster.json")
        assert done.returncode == 2
        assert "no trusted connection to the API server https://127.0.0.1:" in done.stderr
        assert "self-signed certificate" in done.stderr
        assert "certificate-authority-data" in done.stderr
        told = configuration(running.address)
        told["clusters"][0]["cluster"]["certificate-authority"] = str(certificate)
        running.kubeconfig.write_text(json.dumps(told))
        assert snapshot(running, tmp_path / "cluster.json").returncode == 0


def test_a_pod_of_the_cluster_asks_as_its_service_account(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.config import incluster_config

    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "ca.crt").write_text("some")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    env = {"HOME": str(tmp_path), "KUBECONFIG": "", "KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    done = flowcheck("snapshot", "-o", tmp_path / "c.json", env={**env, "KUBERNETES_SERVICE_PORT": "1"})
    assert done.returncode == 2
    assert "the service account of this pod" in done.stderr


def test_an_output_that_cannot_be_written_is_told_before_the_cluster_is_asked(
    running: Running, tmp_path: Path
) -> None:
    done = snapshot(running, tmp_path / "none" / "cluster.json")
    assert done.returncode == 4
    assert not running.store.asked


def test_a_snapshot_that_fails_leaves_the_one_before(running: Running, tmp_path: Path) -> None:
    out = tmp_path / "cluster.json"
    assert snapshot(running, out).returncode == 0
    before = out.read_bytes()
    running.store.faults["*"] = busy(401)
    assert snapshot(running, out).returncode == 2
    assert out.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".cluster")] == []


@pytest.mark.parametrize("words", [(), ("-o", "a", "--watch", "b")])
def test_either_once_or_on_and_on(words: tuple[str, ...]) -> None:
    done = flowcheck("snapshot", *words)
    assert done.returncode == 2
    assert "give -o FILE for a snapshot, or --watch DIR to go on" in done.stderr


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "kubernetes.client", None)
    done = flowcheck("snapshot", "-o", tmp_path / "cluster.json")
    assert done.returncode == 2
    assert "pip install 'flowcheck[live]'" in done.stderr


def test_what_is_loaded_is_not_changed_by_reading_it_again(running: Running, tmp_path: Path) -> None:
    """A snapshot beside its like: nothing changed, so nothing ended."""
    for name in ("a.json", "b.json"):
        assert snapshot(running, tmp_path / name).returncode == 0
        time.sleep(0.01)
    one, both = load_cluster([tmp_path / "b.json"]), load_cluster([tmp_path / "a.json", tmp_path / "b.json"])
    assert len(one.pods) == len(both.pods)
    assert replace(both, inputs={}).policies != ()
    assert len(one.policies) == len(both.policies)


@pytest.mark.parametrize(
    ("ahead", "said"), [(60, "s behind the API server's"), (-60, "s ahead of the API server's")]
)
def test_a_clock_that_is_off_is_said(ahead: float, said: str, running: Running, tmp_path: Path) -> None:
    running.store.ahead = ahead
    done = snapshot(running, tmp_path / "cluster.json")
    assert done.returncode == 0
    assert said in done.stderr
    running.store.ahead = 0
    assert "machine's clock" not in snapshot(running, tmp_path / "cluster.json").stderr


def test_environment_names_the_kubeconfig(running: Running, tmp_path: Path) -> None:
    env = {"KUBECONFIG": str(running.kubeconfig), "HOME": os.devnull}
    assert flowcheck("snapshot", "-o", tmp_path / "c.json", env=env).returncode == 0

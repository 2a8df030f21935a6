"""A watch of a small API server: what its files tell an audit, and how it takes what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import FlowcheckError, OutputError, RunError
from flowcheck.live.connecting import Connection
from flowcheck.live.server import ApiServer
from flowcheck.live.watching import following
from flowcheck.live.watching.watch import Watch, open_watch
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster
from tests.cli.run import ROOT, flowcheck
from tests.live.fake import TOKEN, Handler, Running, Store, configuration, serving
from tests.live.samples import NOBODYS, with_more
from tests.test_schemas import check

pytest.importorskip("kubernetes", reason="needs the extra live")

DAY = 86_400_000_000


def now() -> int:
    return time.time_ns() // 1000


def pod(name: str, address: str, uid: str = "", **labels: str) -> dict[str, Any]:
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": uid or name, "labels": labels},
        "spec": {"containers": [{"name": "c"}]},
        "status": {"phase": "Running", "podIP": address},
    }
    (whole,) = [one for one in with_more([made]) if one["kind"] == "Pod"]
    return whole


@pytest.fixture
def store() -> Store:
    made = Store()
    made.bookmark_after = 0.02
    made.serve_known("", "networking.k8s.io", "apps", "discovery.k8s.io")
    made.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    made.put(pod("a", "10.0.0.1"))
    made.put(pod("b", "10.0.0.2"))
    made.put(policy("deny"))
    return made


def policy(name: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": "shop", "creationTimestamp": "2026-03-01T00:00:00Z"}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta,
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }


class Going:
    def __init__(self, watch: Watch, said: list[str]) -> None:
        self.watch, self.said = watch, said
        self.failed: list[BaseException] = []

    def run(self) -> None:
        try:
            self.watch.run()
        except BaseException as error:
            self.failed.append(error)


@contextmanager
def watching(running: Running, folder: Path, size: int = 1 << 30) -> Iterator[Going]:
    said: list[str] = []
    server = ApiServer(Connection(str(running.kubeconfig), None))
    watch = open_watch(server, folder, now, size, DAY, said.append)
    try:
        watch.begin()
        going = Going(watch, said)
        threading.Thread(target=going.run, daemon=True).start()
        yield going
    finally:
        watch.end()
        watch.failed.put(RunError("ended"))
    assert not [text for text in said if TOKEN in text or NOBODYS in text]


def until(holds: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.01)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def lines(folder: Path, *types: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for file in files(folder) for line in file.read_text().splitlines()]
    return [one for one in found if not types or one["type"] in types]


def told(folder: Path, what: str, name: str) -> list[dict[str, Any]]:
    return [one for one in lines(folder, what) if one["object"]["metadata"]["name"] == name]


def pods_of(cluster: Cluster, name: str) -> list[Pod]:
    return [one for one in cluster.pods if one.name == name]


def shown(paths: list[Path]) -> set[tuple[str, tuple[str, ...]]]:
    """Who is there at the end, by name and address; and the policies."""
    cluster = load_cluster(paths)
    pods = {(one.name, one.addresses) for one in cluster.pods if one.lifetime.end == END}
    return pods | {(one.name, ()) for one in cluster.policies if one.lifetime.end == END}


def test_what_changes_is_told_when_it_is_heard(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    with watching(running, folder):
        before = now()
        running.store.put(pod("c", "10.0.0.3"))
        running.store.put(pod("a", "10.0.0.1", app="web"))
        running.store.delete("", "pods", "shop/b")
        running.store.delete("networking.k8s.io", "networkpolicies", "shop/deny")
        until(lambda: told(folder, "DELETED", "deny") and told(folder, "DELETED", "b"))
        after = now()
    cluster = load_cluster([folder])
    first, second = pods_of(cluster, "a")
    assert (first.labels, second.labels) == ({}, {"app": "web"})
    assert before <= first.lifetime.end == second.lifetime.start <= after
    (gone,) = pods_of(cluster, "b")
    assert before <= gone.lifetime.sure_end == gone.lifetime.end <= after
    (ended,) = cluster.policies
    assert before <= ended.lifetime.end <= after
    assert [one.lifetime.end for one in pods_of(cluster, "c")] == [END]
    assert NOBODYS not in "".join(file.read_text() for file in files(folder))
    assert [oct(file.stat().st_mode & 0o777) for file in files(folder)] == ["0o600"]


def test_lines_are_as_their_schemas_say(running: Running, tmp_path: Path) -> None:
    with watching(running, tmp_path / "watch"):
        running.store.put(pod("c", "10.0.0.3"))
        until(lambda: told(tmp_path / "watch", "ADDED", "c"))
    for line in lines(tmp_path / "watch"):
        check("watch_line", json.dumps(line))
        if line["type"] == "BOOKMARK":
            check("snapshot_note", json.dumps(line["object"]))


def test_what_is_not_kept_is_no_change(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    with watching(running, folder) as going:
        for beat in range(20):
            changed = pod("a", "10.0.0.1")
            changed["status"]["message"] = f"{NOBODYS} {beat}"
            running.store.put(changed)
        version = str(running.store.version)
        until(lambda: going.watch.record.followed["pods"].version == version)
    assert lines(folder, "MODIFIED") == []


def test_it_goes_on_after_a_restart_from_where_it_was(running: Running, tmp_path: Path) -> None:
    """What happened in between is told with the time in which it may have."""
    folder, store = tmp_path / "watch", running.store
    with watching(running, folder) as going:
        version = str(store.version)
        until(lambda: going.watch.record.followed["pods"].version == version)
    left = now()
    store.put(pod("c", "10.0.0.3"))
    store.put(pod("a", "10.0.0.1", app="web"))
    store.delete("", "pods", "shop/b")
    time.sleep(following.LATE / 1e6 + 0.2)
    lists = len(store.lists)
    begun = now()
    with watching(running, folder):
        until(lambda: told(folder, "DELETED", "b"))
    assert [query for _, query in store.lists[lists:] if query.get("limit") != "1"] == []
    assert len(files(folder)) == 1
    (gone,) = told(folder, "DELETED", "b")
    cluster = load_cluster([folder])
    (b,) = pods_of(cluster, "b")
    assert b.lifetime.sure_end < left + 1_000_000
    assert begun <= b.lifetime.end
    assert gone["since"] < gone["time"]
    assert shown([folder]) == {("a", ("10.0.0.1",)), ("c", ("10.0.0.3",)), ("deny", ())}
    assert not [one for one in cluster.warnings if "missed" in one]


def test_deletions_that_nobody_told_are_told_after_410(running: Running, tmp_path: Path) -> None:
    folder, store = tmp_path / "watch", running.store
    with watching(running, folder) as going:
        version = str(store.version)
        until(lambda: going.watch.record.followed["pods"].version == version)
    store.delete("", "pods", "shop/b")
    store.put(pod("a", "10.0.0.9", uid="another"))
    store.compact()
    with watching(running, folder) as going:
        until(lambda: told(folder, "DELETED", "b") and told(folder, "ADDED", "a")[1:])
    assert all(one["since"] < one["time"] for one in lines(folder, "DELETED"))
    assert shown([folder]) == {("a", ("10.0.0.9",)), ("deny", ())}
    cluster = load_cluster([folder])
    assert [one for one in cluster.warnings if one.startswith("the watch missed what came and went from ")]
    assert cluster.sampled


def test_410_in_a_watch_that_goes_on(running: Running, tmp_path: Path) -> None:
    """As an ERROR event, which is not handed on: it would say that the file ends there."""
    folder, store = tmp_path / "watch", running.store
    with watching(running, folder):
        expired = [True]

        def expire(handler: Handler, query: dict[str, str]) -> bool:
            if not query.get("watch") or not expired:
                return False
            expired.clear()
            status = {"kind": "Status", "code": 410, "reason": "Expired"}
            handler.answer({"type": "ERROR", "object": status})
            return True

        store.faults["/api/v1/pods"] = expire
        store.cut()
        until(lambda: not expired)
        store.put(pod("c", "10.0.0.3"))
        until(lambda: told(folder, "ADDED", "c"))
    assert lines(folder, "ERROR") == []
    assert ("c", ("10.0.0.3",)) in shown([folder])


def test_what_a_crash_left_of_a_line_is_cut_off(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    with watching(running, folder):
        pass
    (file,) = files(folder)
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"type":"DELETED","time":"2026-')
    assert ("a", ("10.0.0.1",)) in shown([folder])  # it may be being written
    with watching(running, folder):
        running.store.put(pod("c", "10.0.0.3"))
        until(lambda: told(folder, "ADDED", "c"))
    assert file.read_bytes().startswith(whole)
    assert ("c", ("10.0.0.3",)) in shown([folder])


def test_any_files_from_some_file_on_tell_all(running: Running, tmp_path: Path) -> None:
    folder, store = tmp_path / "watch", running.store
    with watching(running, folder, size=4000) as going:
        for number in range(30):
            store.put(pod(f"p{number}", f"10.0.1.{number}"))
            if number >= 5:
                store.delete("", "pods", f"shop/p{number - 5}")
        version = str(store.version)
        until(lambda: going.watch.record.followed["pods"].version == version)
    found = files(folder)
    assert len(found) > 3
    there = {(f"p{number}", (f"10.0.1.{number}",)) for number in range(25, 30)}
    for first in range(len(found)):
        assert shown(found[first:]) == there | {("a", ("10.0.0.1",)), ("b", ("10.0.0.2",)), ("deny", ())}
    cluster = load_cluster(found)
    assert len({(one.name, one.uid) for one in cluster.pods}) == len(cluster.pods) == 32
    assert len([one for one in cluster.warnings if "the last event of the watch" in one]) <= 1


def test_a_file_is_begun_anew_in_time(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    with watching(running, folder) as going:
        going.watch.record.rotate_after = 50_000
        time.sleep(0.1)
        running.store.put(pod("c", "10.0.0.3"))
        until(lambda: len(files(folder)) > 1)
    assert ("c", ("10.0.0.3",)) in shown(files(folder)[1:])


def test_a_server_that_goes_and_comes_back(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    with serving(tmp_path, store) as running:
        port = int(running.address.rpartition(":")[2])
        with watching(running, folder) as going:
            store.faults["*"] = lambda handler, query: bool(handler.status(503, "Down") or True)
            store.cut()
            until(lambda: going.said)
            store.put(pod("c", "10.0.0.3"))
            store.faults.clear()
            until(lambda: told(folder, "ADDED", "c") and going.said[-1] == "all is told again")
            assert going.failed == []
        assert port
    assert len([text for text in going.said if "it answers 503" in text]) == 1


def test_credentials_that_expire_and_are_renewed(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    with watching(running, folder) as going:
        running.kubeconfig.write_text(json.dumps(configuration(running.address, "old")))
        refused = [True]

        def refuse(handler: Handler, query: dict[str, str]) -> bool:
            if not refused:
                return False
            handler.status(401, "Unauthorized")
            return True

        running.store.faults["*"] = refuse
        running.store.cut()
        until(lambda: [text for text in going.said if "(401)" in text])
        running.kubeconfig.write_text(json.dumps(configuration(running.address)))
        refused.clear()
        running.store.put(pod("c", "10.0.0.3"))
        until(lambda: told(folder, "ADDED", "c"))
    assert len([text for text in going.said if "(401)" in text]) == 1


def test_what_may_not_be_watched_is_noted(running: Running, tmp_path: Path) -> None:
    running.store.forbidden |= {"networkpolicies.networking.k8s.io"}
    folder = tmp_path / "watch"
    with watching(running, folder):
        pass
    note = lines(folder, "BOOKMARK")[0]["object"]
    assert [one["kind"] for one in note["missing"]] == ["networkpolicies.networking.k8s.io"]
    assert "NetworkPolicy" not in note["kinds"]
    cluster = load_cluster([folder])
    assert [str(one) for one in cluster.refused if "may not be listed (403)" in str(one)]


def test_a_server_that_forbids_all_while_it_begins(running: Running, tmp_path: Path) -> None:
    """As kube-apiserver does until it has read who may do what."""
    folder = tmp_path / "watch"
    with watching(running, folder) as going:
        running.store.faults["*"] = lambda handler, query: bool(handler.status(403, "Forbidden") or True)
        running.store.cut()
        time.sleep(0.3)
        running.store.faults.clear()
        running.store.put(pod("c", "10.0.0.3"))
        until(lambda: told(folder, "ADDED", "c"))
        assert not going.watch.record.missing
    assert load_cluster([folder]).refused == ()


def test_what_may_no_longer_be_watched_is_noted(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LASTING", 50_000)
    folder = tmp_path / "watch"
    with watching(running, folder) as going:
        running.store.forbidden |= {"networkpolicies.networking.k8s.io"}
        running.store.cut()
        until(lambda: going.watch.record.missing)
    assert load_cluster([folder]).refused != ()


def test_what_may_be_watched_later_is_found(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "AGAIN", 0.05)
    running.store.forbidden |= {"networkpolicies.networking.k8s.io"}
    folder = tmp_path / "watch"
    with watching(running, folder) as going:
        running.store.forbidden.clear()
        until(lambda: told(folder, "ADDED", "deny") and not going.watch.record.missing)


def test_what_is_installed_later_is_followed(running: Running, tmp_path: Path) -> None:
    folder, store = tmp_path / "watch", running.store
    with watching(running, folder) as going:
        store.serve("cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy")
        meta = {"name": "later", "namespace": "shop"}
        spec = {"endpointSelector": {}, "ingress": [{}]}
        store.put(
            {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": meta, "spec": spec}
        )
        going.watch.discover()
        until(lambda: told(folder, "ADDED", "later"))
    assert ("later", ()) in shown([folder])


def test_what_is_served_no_more_has_no_objects(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LASTING", 50_000)
    folder, store = tmp_path / "watch", running.store
    with watching(running, folder):
        del store.resources["networking.k8s.io", "v1", "networkpolicies"]
        store.cut()
        until(lambda: told(folder, "DELETED", "deny"))
    assert load_cluster([folder]).refused == ()


def test_a_clock_that_is_put_back_does_not_hide_the_last_file(tmp_path: Path) -> None:
    from flowcheck.live.watching.files import Files

    opened = Files(tmp_path)
    begun = [2_000_000_000_000_000, 1_000_000_000_000_000, 1_500_000_000_000_000]
    for number, time_ in enumerate(begun):
        opened.begin(time_, [b"%d\n" % number])
        last = opened.last()
        assert last is not None
        assert last.read_bytes() == b"%d\n" % number
    assert len(files(tmp_path)) == 3
    opened.close()


def test_a_watch_that_ends_at_once_is_not_asked_for_at_once(running: Running, tmp_path: Path) -> None:
    asked = []

    def end(handler: Handler, query: dict[str, str]) -> bool:
        if not query.get("watch"):
            return False
        asked.append(1)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    running.store.faults["/api/v1/pods"] = end
    with watching(running, tmp_path / "watch"):
        until(lambda: len(asked) > 1)
        before = len(asked)
        time.sleep(0.3)
        assert len(asked) - before < 60  # a pause is 15 ms here, at its longest


def test_two_watches_do_not_write_to_one_folder(running: Running, tmp_path: Path) -> None:
    with watching(running, tmp_path / "watch"), pytest.raises(RunError, match="another watch writes there"):
        open_watch(ApiServer(Connection(str(running.kubeconfig), None)), tmp_path / "watch", now, 1, 1, print)


def test_a_folder_with_something_else_of_that_name(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    folder.mkdir()
    (folder / "2026-11-30T13-51-13.219847Z.jsonl").write_text("{}\n")
    with pytest.raises(RunError, match="is not as a watch of flowcheck writes it"), watching(running, folder):
        pass


def test_a_disk_that_is_full(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "watch"
    with watching(running, folder) as going:
        (file,) = files(folder)
        write = os.write

        def full(descriptor: int, data: Any) -> int:
            if descriptor != going.watch.record.files._descriptor:
                return write(descriptor, data)
            write(descriptor, bytes(data)[:7])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        running.store.put(pod("c", "10.0.0.3"))
        until(lambda: going.failed)
        monkeypatch.undo()
    assert isinstance(going.failed[0], OutputError)
    assert isinstance(going.failed[0], FlowcheckError)
    assert file.read_bytes().endswith(b"\n")
    assert ("a", ("10.0.0.1",)) in shown([folder])


def start(running: Running, folder: Path, *more: str) -> subprocess.Popen[str]:
    words = ["snapshot", "--watch", str(folder), "--kubeconfig", str(running.kubeconfig), *more]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "flowcheck", *words], stderr=subprocess.PIPE, text=True, env=env
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_within_a_second(
    number: signal.Signals, code: int, running: Running, tmp_path: Path
) -> None:
    folder = tmp_path / "watch"
    process = start(running, folder)
    until(lambda: folder.exists() and told(folder, "ADDED", "a"), 60)
    running.store.put(pod("c", "10.0.0.3"))
    until(lambda: told(folder, "ADDED", "c"))
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - began < 5  # on a busy machine
    last = lines(folder)[-1]
    assert last["type"] == "BOOKMARK"
    assert last["object"]["told"]["pods"]
    assert "objects, and now what changes" in said
    assert "the same command goes on from there" in said


def test_the_command_audits_what_it_wrote(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "watch"
    with watching(running, folder):
        pass
    done = flowcheck("matrix", "--cluster", folder, "--to", "shop")
    assert done.returncode == 0, done.stderr
    done = flowcheck("inventory", folder, "-o", tmp_path / "inventory.parquet")
    assert done.returncode == 0, done.stderr

"""A small API server on loopback: lists in pages, watches, and whatever goes wrong when a test says so.

Its store has one counter for all resources, as etcd has. What it forgets (``compact``) is answered with 410.
``faults`` are asked first: a path's function may answer in its place.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flowcheck.kinds import KINDS

TOKEN = "s3cret-t0ken"
Fault = Callable[["Handler", dict[str, str]], bool]
"""True: it has answered."""


class Store:
    """``resources``: (group, version, plural) -> kind."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self.version = 100
        self.oldest = 0
        self.objects: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        self.events: list[tuple[int, tuple[str, str], str, dict[str, Any]]] = []
        self.resources: dict[tuple[str, str, str], str] = {}
        self.preferred: dict[str, str] = {}
        self.forbidden: set[str] = set()
        self.faults: dict[str, Fault] = {}
        self.asked: Counter[str] = Counter()
        self.lists: list[tuple[str, dict[str, str]]] = []
        self.closing = False
        self.ahead = 0.0
        self.bookmark_after = 0.2

    def serve(self, group: str, version: str, plural: str, kind: str) -> None:
        self.resources[group, version, plural] = kind
        self.preferred.setdefault(group, version)
        self.objects.setdefault((group, plural), {})

    def serve_known(self, *groups: str) -> None:
        """All kinds that are read of these groups."""
        versions = {"gateway.networking.k8s.io": "v1", "cilium.io": "v2", "policy.linkerd.io": "v1beta1"}
        versions |= {"projectcalico.org": "v3", "policy.networking.k8s.io": "v1alpha1"}
        for one in KINDS:
            if one.group in groups:
                self.serve(one.group, versions.get(one.group, "v1"), one.plural, one.kind)

    def load(self, documents: Iterable[dict[str, Any]]) -> None:
        """Objects as they are given, and what serves them."""
        plurals = {(one.group, one.kind): one.plural for one in KINDS}
        for told in documents:
            group, _, version = told["apiVersion"].rpartition("/")
            plural = plurals.get((group, told["kind"]))
            if plural is not None:
                self.serve(group, version, plural, told["kind"])
                self.put(told)

    def kind(self, group: str, plural: str) -> str:
        return next(kind for (g, _, p), kind in self.resources.items() if (g, p) == (group, plural))

    def put(self, told: dict[str, Any]) -> dict[str, Any]:
        group, _, _ = told["apiVersion"].rpartition("/")
        plural = next(p for (g, _, p), kind in self.resources.items() if (g, kind) == (group, told["kind"]))
        with self.lock:
            self.version += 1
            meta = {**told["metadata"], "resourceVersion": str(self.version)}
            made = {**told, "metadata": meta}
            key = f"{meta.get('namespace', '')}/{meta['name']}"
            known = self.objects[group, plural]
            what = "MODIFIED" if key in known else "ADDED"
            known[key] = made
            self.events.append((self.version, (group, plural), what, made))
            self.lock.notify_all()
        return made

    def delete(self, group: str, plural: str, key: str) -> None:
        with self.lock:
            self.version += 1
            gone = self.objects[group, plural].pop(key)
            gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
            self.events.append((self.version, (group, plural), "DELETED", gone))
            self.lock.notify_all()

    def lists_of(self, plural: str) -> list[dict[str, str]]:
        return [query for one, query in self.lists if one == plural]

    def compact(self) -> None:
        """Forget all that happened."""
        with self.lock:
            self.oldest = self.version
            self.events.clear()

    def cut(self) -> None:
        """End all watches that are going on."""
        with self.lock:
            self.closing = True
            self.lock.notify_all()
            self.lock.wait(0.3)
            self.closing = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    store: Store

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.store.ahead)

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.store.asked[address.path] += 1
        fault = self.store.faults.get(address.path) or self.store.faults.get("*")
        if fault is not None and fault(self, query):
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.status(401, "Unauthorized")
            return
        parts = address.path.strip("/").split("/")
        match parts:
            case ["version"]:
                self.answer({"gitVersion": "v1.37.2"})
            case ["apis"]:
                self.answer({"groups": [*self._groups()]})
            case ["api", version]:
                self._discovery("", version)
            case ["apis", group, version]:
                self._discovery(group, version)
            case ["api", version, plural]:
                self._resource("", version, plural, query)
            case ["apis", group, version, plural]:
                self._resource(group, version, plural, query)
            case _:
                self.status(404, "NotFound")

    def _groups(self) -> Iterator[dict[str, Any]]:
        for group, preferred in self.store.preferred.items():
            if group:
                versions = dict.fromkeys(v for g, v, _ in self.store.resources if g == group)
                yield {
                    "name": group,
                    "versions": [{"version": one, "groupVersion": f"{group}/{one}"} for one in versions],
                    "preferredVersion": {"version": preferred},
                }

    def _discovery(self, group: str, version: str) -> None:
        listed = [
            {"name": plural, "kind": kind, "namespaced": True, "verbs": ["get", "list", "watch"]}
            for (g, v, plural), kind in self.store.resources.items()
            if (g, v) == (group, version)
        ]
        status = [{"name": "pods/status", "kind": "Pod", "verbs": ["get"]}] if not group else []
        self.answer({"resources": [*listed, *status]})

    def _resource(self, group: str, version: str, plural: str, query: dict[str, str]) -> None:
        if (group, version, plural) not in self.store.resources:
            self.status(404, "NotFound")
        elif plural in self.store.forbidden or f"{plural}.{group}" in self.store.forbidden:
            self.status(403, "Forbidden")
        elif query.get("watch"):
            self._watch(group, plural, query)
        else:
            self._list(group, version, plural, query)

    def _list(self, group: str, version: str, plural: str, query: dict[str, str]) -> None:
        self.store.lists.append((plural, query))
        with self.store.lock:
            found = [one for one in self.store.objects[group, plural].values() if _chosen(one, query)]
            at = self.store.version
        begin, limit = int(query.get("continue", 0)), int(query.get("limit", len(found) or 1))
        page = found[begin : begin + limit]
        items = [{key: one[key] for key in one if key not in ("kind", "apiVersion")} for one in page]
        meta = {"resourceVersion": str(at)}
        if begin + limit < len(found):
            meta["continue"] = str(begin + limit)
        kind = self.store.resources[group, version, plural]
        self.answer({"kind": f"{kind}List", "apiVersion": version, "metadata": meta, "items": items})

    def _watch(self, group: str, plural: str, query: dict[str, str]) -> None:
        since = int(query["resourceVersion"])
        if since < self.store.oldest:
            self.status(410, "Expired")
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        bookmarks = query.get("allowWatchBookmarks")
        while True:
            with self.store.lock:
                if self.store.closing:
                    break
                fresh = [one for one in self.store.events if one[0] > since and one[1] == (group, plural)]
                if not fresh and not self.store.lock.wait(self.store.bookmark_after) and bookmarks:
                    since = max(since, self.store.version)
                    kind = self.store.kind(group, plural)
                    meta = {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": str(since)}}
                    fresh = [(since, (group, plural), "BOOKMARK", meta)]
            for at, _, what, told in fresh:
                since = max(since, at)
                if what == "BOOKMARK" or _chosen(told, query):
                    self.chunk(json.dumps({"type": what, "object": told}) + "\n")
        self.chunk("")

    def chunk(self, text: str) -> None:
        data = text.encode()
        try:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            raise SystemExit from None

    def answer(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def status(self, code: int, reason: str, **headers: str) -> None:
        told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
        self.answer(told, code, headers)


def _chosen(told: dict[str, Any], query: dict[str, str]) -> bool:
    _, _, name = query.get("fieldSelector", "").partition("metadata.name=")
    return not name or told["metadata"]["name"] == name


class Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def handle_error(self, *_: object) -> None:
        """Clients that go away are no errors here."""


class Running:
    def __init__(self, store: Store, address: str, kubeconfig: Path) -> None:
        self.store, self.address, self.kubeconfig = store, address, kubeconfig


@contextmanager
def serving(
    folder: Path, store: Store, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Running]:
    """The store behind an address, with a kubeconfig for it."""
    handler = type("Bound", (Handler,), {"store": store})
    server = Server(("127.0.0.1", port), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    address = f"http{'' if tls is None else 's'}://127.0.0.1:{server.server_port}"
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(configuration(address)))
    try:
        yield Running(store, address, kubeconfig)
    finally:
        store.cut()
        server.shutdown()
        server.server_close()


def configuration(address: str, token: str = TOKEN) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "fake", "cluster": {"server": address}}],
        "users": [{"name": "me", "user": {"token": token}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "me"}}],
        "current-context": "fake",
    }

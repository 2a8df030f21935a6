"""An S3 server on loopback: moto's, in a process of its own, behind a relay that counts requests and meddles.

moto and what it needs stand in the way of the versions that others here ask for, so it may also lie in an
environment of its own: FLOWCHECK_MOTO names that one's python.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from threading import Thread
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "hush-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "us-east-1",
}
START_WITHIN = 60.0


def moto_python() -> str | None:
    """An interpreter that has moto."""
    named = os.environ.get("FLOWCHECK_MOTO")
    return named or (sys.executable if find_spec("moto") else None)


@contextmanager
def moto() -> Iterator[int]:
    """An S3 server, by its port."""
    port = _free()
    with _served(port, "moto.server", "-H", "127.0.0.1", "-p", str(port)):
        yield port


@contextmanager
def google(bucket: str) -> Iterator[str]:
    """A server that speaks Google's API, with a bucket; by its address."""
    port = _free()
    words = ("start", "--host", "127.0.0.1", "--port", str(port), "--in-memory", "--default-bucket", bucket)
    with _served(port, "gcp_storage_emulator", *words):
        yield f"http://127.0.0.1:{port}"


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _served(port: int, *words: str) -> Iterator[None]:
    """By a module, from when it answers."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(moto_python()), "-m", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        until = time.monotonic() + START_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


class Request(NamedTuple):
    """``path``: decoded, with the bucket; ``range``: as it was asked for."""

    method: str
    path: str
    query: str
    range: str = ""

    @property
    def lists(self) -> bool:
        return "list-type" in self.query

    @property
    def reads(self) -> bool:
        return self.method == "GET" and not self.lists


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})


Meddle = Callable[[Request, Callable[[], Answer]], Answer]
"""What a request is answered with, and how to have the server's own answer. A body shorter than its
``Content-Length`` is sent, and the connection cut."""


def error(status: int, code: str) -> Answer:
    """As S3 has it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>AKIASECRET</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


class Relay(ThreadingHTTPServer):
    """Between flowcheck and the server. ``requests``: all that came; ``meddle``: see above."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = port
        self.requests: list[Request] = []
        self.meddle: Meddle | None = None
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def begin(self) -> None:
        """Forget what was."""
        self.requests, self.meddle = [], None

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """The server's own answer; counted nowhere."""
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=60)
        try:
            connection.request(method, path, body, {**SIGNED, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), dict(answer.headers))
        finally:
            connection.close()

    def put(self, path: str, body: bytes, *, public: bool = False) -> None:
        """An object, and its bucket; ``path`` is plain."""
        acl = {"x-amz-acl": "public-read"} if public else {}
        answer = self.ask("PUT", "/" + quote(path), body, acl)
        if answer.status == 404:
            assert self.ask("PUT", "/" + path.partition("/")[0]).status == 200
            answer = self.ask("PUT", "/" + quote(path), body, acl)
        assert answer.status == 200, answer

    def get(self, path: str) -> bytes | None:
        answer = self.ask("GET", "/" + quote(path))
        return answer.body if answer.status == 200 else None

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """All that a bucket has, by name."""
        body = self.ask("GET", f"/{bucket}?list-type=2&prefix={quote(prefix)}").body.decode()
        return sorted(part.partition("</Key>")[0] for part in body.split("<Key>")[1:])

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Relay

    def _relay(self) -> None:
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        body = self._chunks() if chunked else self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        request = Request(self.command, unquote(parts.path)[1:], parts.query, self.headers.get("Range", ""))
        self.server.requests.append(request)
        dropped = {"host", "connection", "expect", "transfer-encoding"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}

        def own() -> Answer:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=60)
            try:
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                return Answer(answer.status, answer.read(), dict(answer.headers))
            finally:
                connection.close()

        meddle = self.server.meddle
        self._send(own() if meddle is None else meddle(request, own))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _relay  # noqa: N815

    def _send(self, answer: Answer) -> None:
        left_out = {"connection", "transfer-encoding", "date", "server"}
        headers = {n: v for n, v in answer.headers.items() if n.lower() not in left_out}
        length = next((v for n, v in headers.items() if n.lower() == "content-length"), None)
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is None:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        if self.command != "HEAD" and length is not None and int(length) > len(answer.body):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass

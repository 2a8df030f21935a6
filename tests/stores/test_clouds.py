"""Google's and Azure's addresses, and what refusals become, asked of a server that refuses everything."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from flowcheck.stores.trouble import trouble_of
from flowcheck.stores.uri import Place, place_of
from tests.cli.run import flowcheck
from tests.runners.worlds import write, write_cluster

KEY = "c2VjcmV0LWtleQ=="
GOOGLE, AZURE = "gs://bucket/x/y.parquet", "abfs://box@account.dfs.core.windows.net/x/y.parquet"


class Refusing(ThreadingHTTPServer):
    """Answers everything so; ``paths``: what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.code = 500, ""
        self.paths: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Refusing

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        body = f"<?xml version='1.0'?><Error><Code>{self.server.code}</Code><Message>hush</Message></Error>"
        if not self.server.code:
            body = f'{{"error": {{"code": {self.server.status}, "message": "hush"}}}}'
        self.send_response(self.server.status)
        if self.server.code:
            self.send_header("x-ms-error-code", self.server.code)
        if self.server.code and self.command != "HEAD":
            self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body) if self.command != "HEAD" else 0))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Refusing]:
    made = Refusing()
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


REFUSALS = [
    (GOOGLE, 403, "", "access is denied"),
    (GOOGLE, 401, "", "the access key is not known to the store"),
    (GOOGLE, 404, "", "no such object or prefix"),
    (AZURE, 403, "AuthorizationFailure", "access is denied"),
    (AZURE, 403, "AuthenticationFailed", "the secret key is not the one of the access key"),
    (AZURE, 404, "ContainerNotFound", "no such object or prefix"),
]


@pytest.mark.parametrize(("uri", "status", "code", "words"), REFUSALS)
def test_refusals_are_2_in_our_words(
    server: Refusing, tmp_path: Path, uri: str, status: int, code: str, words: str
) -> None:
    server.status, server.code = status, code
    more = ["--anonymous"] if uri == GOOGLE else []
    env = {"FLOWCHECK_ENDPOINT": server.endpoint, "AZURE_STORAGE_KEY": KEY}
    done = flowcheck("audit", uri, "--cluster", write_cluster(tmp_path / "c"), *more, env=env)
    assert done.returncode == 2
    assert f"{uri}: {words}" in done.stderr
    assert "hush" not in done.stderr
    assert server.paths


def test_addresses() -> None:
    assert place_of("gs://bucket/a b/%20+é") == Place("gs", "bucket", "a b/%20+é")
    found = place_of("abfss://box@account.dfs.core.windows.net/a/b")
    assert found == Place("abfss", "box", "a/b", "account.dfs.core.windows.net")
    assert found.uri("box/c/d") == "abfss://box@account.dfs.core.windows.net/c/d"
    assert place_of("s3://bucket").uri("bucket/x") == "s3://bucket/x"


TEXTS = {
    "AWS Error SLOW_DOWN during GetObject operation: AKIA": "the store asks to slow down",
    "AWS Error UNKNOWN (HTTP status 503) during GetObject operation: x": "the store asks to slow down",
    "AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 60, SSL peer": "certificate",
    "AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 7, Could not": "cannot be reached",
    "AWS Error UNKNOWN (HTTP status 301) during HeadBucket operation: No response body.": "another region",
    "Azure Error: [ServerBusy] 503": "the store asks to slow down",
    "Azure Error: [BlobArchived] 409": "the object is archived",
    "google::cloud::Status(RESOURCE_EXHAUSTED: hush)": "the store asks to slow down",
    "something \x1b[31m new: hush": "the store answers OSError",
    "AWS Error FROBNICATED during GetObject operation: hush": "the store answers FROBNICATED",
}


@pytest.mark.parametrize("text", TEXTS)
def test_words_for_errors_repeat_nothing(text: str) -> None:
    told = str(trouble_of(OSError(text)))
    assert TEXTS[text] in told
    assert "hush" not in told
    assert "\x1b" not in told


@pytest.mark.parametrize("words", [("--cluster", "s3://bucket/x"), ("-o", "s3://bucket/x"), ()])
def test_a_region_that_nobody_tells_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def unreached(_: str) -> str:
        raise OSError("AWS Error NETWORK_CONNECTION during HeadBucket operation: curlCode: 6")

    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("flowcheck.stores.arrow.fs.resolve_s3_region", unreached)
    flows = write(tmp_path / "flows.parquet") if words else "s3://bucket/flows"
    cluster = () if "--cluster" in words else ("--cluster", write_cluster(tmp_path / "cluster"))
    done = flowcheck("audit", flows, *cluster, *words)
    assert done.returncode == (4 if "-o" in words else 2), done.stderr
    assert "the store cannot be reached" in done.stderr

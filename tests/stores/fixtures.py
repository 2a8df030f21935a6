"""A server for all tests of a run, and one's own relay before it for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.run import flowcheck
from tests.stores.server import KEYS, Relay, moto, moto_python

FLOWS, CLUSTER = "tests-flows", "tests-cluster"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def behind() -> Iterator[int]:
    if moto_python() is None:
        pytest.skip(
            "there is no S3 server: pip install 'moto[server,s3]', or name one's python: FLOWCHECK_MOTO"
        )
    with moto() as port:
        yield port


@pytest.fixture
def relay(behind: int) -> Iterator[Relay]:
    """Empty buckets, and nothing meddled with."""
    server = Relay(behind)
    server.ask("POST", "/moto-api/reset")
    yield server
    server.shutdown()
    server.server_close()


class Store:
    """The server, and the command that is told where it is."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    def run(self, *words: str | Path, **env: str) -> CompletedProcess[str]:
        return flowcheck(*words, env={**KEYS, "FLOWCHECK_ENDPOINT": self.relay.endpoint, **env})

    def upload(self, folder: Path, path: str) -> None:
        """All files of a folder, below ``path``, which begins with a bucket."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.relay.put(f"{path}/{file.relative_to(folder)}", file.read_bytes())


@pytest.fixture
def store(relay: Relay, forked_workers: None) -> Store:
    return Store(relay)

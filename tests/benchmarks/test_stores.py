"""The server that stores are measured with says what S3 says, as far as reading goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.stores.__main__ import KEYS, counts
from benchmarks.stores.server import Server
from flowcheck.stores.arrow import Store, store_at
from flowcheck.stores.uri import Access, place_of
from tests.environment import environment

BODY = bytes(range(256)) * 64


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "flows" / "a & b").mkdir(parents=True)
    (tmp_path / "flows" / "x.parquet").write_bytes(BODY)
    made = Server(tmp_path, 0)
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_files_are_listed_and_read_in_ranges(server: Server) -> None:
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    with environment(KEYS):
        store: Store = store_at(place_of("s3://bench/flows"), Access(endpoint))
        found = [(entry.path, entry.is_prefix, entry.size) for entry in store.level("bench/flows")]
        assert found == [("bench/flows/a & b", True, 0), ("bench/flows/x.parquet", False, len(BODY))]
        opened = store.open("bench/flows/x.parquet")
        assert (opened.size, opened.read_at(1000, 300)) == (len(BODY), BODY[300:1300])
        assert store.open("bench/flows/x.parquet").version == opened.version
        assert store.look("bench/flows/y") is None
        assert counts(endpoint)[1] == 1000

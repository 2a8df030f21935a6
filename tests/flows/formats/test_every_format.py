"""What holds for every log format: recognised by its own, by no other, and nothing unaccounted for, whatever
is in a file. Its examples are the files in examples/NAME."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats import all_formats
from flowcheck.flows.logs.text.head import Head
from tests.flows.logs import damaged, read_log, recognised, recognised_head

EXAMPLES = Path(__file__).parent / "examples"
NAMES = [format_.name for format_ in all_formats() if not format_.needs_mapping]
FILES = [(name, path) for name in NAMES for path in sorted((EXAMPLES / name).iterdir())]
IDS = [f"{name}/{path.name}" for name, path in FILES]


def test_every_format_has_an_example() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(NAMES)
    assert all(any((EXAMPLES / name).iterdir()) for name in NAMES)


@pytest.mark.parametrize(("name", "path"), FILES, ids=IDS)
def test_an_example_is_recognised_as_what_it_is_and_has_rows(name: str, path: Path) -> None:
    assert recognised(path) == name
    rows, account = read_log(path, name)
    assert rows
    assert not account.rejected


@pytest.mark.parametrize(("name", "path"), FILES, ids=IDS)
def test_a_beginning_is_never_taken_for_another_format(name: str, path: Path) -> None:
    data = path.read_bytes()
    for size in (0, 1, 20, 60, 100, 200, 300):
        assert recognised_head(Head(data[:size], whole=False)) in ("", name)
        assert recognised_head(Head(data[:size], whole=True)) in ("", name)


@pytest.mark.parametrize(("name", "path"), FILES, ids=IDS)
def test_whatever_is_in_a_file_every_record_is_accounted_for(name: str, path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    for seed in range(150):
        file = tmp_path / path.name
        file.write_bytes(damaged(data, seed))
        try:
            read_log(file, name)  # holds the account against the rows
        except FlowFormatError:
            continue


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"beyla.network.flow.bytes","attributes":{"src.address":"192.0.2.1","dst.port":"80"},"value":4}',
        '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"http.client.duration"}]}]}]}',
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"create","sourceIPs":["192.0.2.1"]}',
        '192.0.2.1 - - [01/Apr/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5',
        "time,src,dst,port\n1775037600,192.0.2.1,192.0.2.2,443",
    ],
    ids=["beyla", "otlp", "audit", "web server", "csv"],
)
def test_what_is_no_log_of_these_is_taken_for_none(text: str) -> None:
    assert recognised_head(Head(text.encode() + b"\n", whole=True)) == ""

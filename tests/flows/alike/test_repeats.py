"""Lines that are known again give the rows that they give when each is read by itself."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowcheck.flows.formats.hubble.kinds import kind_of, rank_of
from flowcheck.flows.formats.hubble.records import line_of
from flowcheck.flows.formats.hubble.rows import row_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike import repeats
from flowcheck.flows.logs.alike.marks import WIDTH
from flowcheck.flows.logs.alike.repeats import Repeats
from flowcheck.flows.logs.converted import whole_schema
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.rows import RECORD, batch_of
from flowcheck.flows.logs.text.source import Lines
from flowcheck.flows.logs.text.wrapped import Unwrapper
from flowcheck.flows.logs.values.addresses import canonical_address
from tests.flows.logs import damaged, read_log

TIMES = (
    *(
        "2026-04-01T09:00:00Z",
        "2026-04-01T09:00:00.5Z",
        "2028-02-29T23:59:59.123456789Z",
        "2026-02-29T09:00:00Z",
    ),
    *(
        "2026-04-01T09:00:60Z",
        "2026-04-01t09:00:00Z",
        "2026-04-01T09:00:00+02:00",
        "1969-12-31T23:59:59Z",
        "",
    ),
    *("2500-01-01T00:00:00Z", "2026-04-01 09:00:00Z", "2026-04-01T09:00:00.Z", "2026-13-01T09:00:00Z"),
)
SOON = tuple(time for time in TIMES if not time.startswith("2028"))
PORTS = (1, 53, 8080, 41234, 65535, 65536, 0, -1, "007", "80.0", "1e3", '"80"', "null")
ADDRESSES = (
    *(f"192.0.2.{n}" for n in range(3)),
    *(
        "2001:db8::1",
        "2001:DB8:0::1",
        "::ffff:192.0.2.1",
        "fe80::1%eth0",
        "",
        "192.0.2.256",
        "mark",
        " mark 3 ",
    ),
    *("1" * 50, "192.0.2.1\n", None, 7, {}),
)
ENDPOINTS: tuple[Any, ...] = (
    {"ID": 1, "identity": 7, "namespace": "shop", "pod_name": "a-1", "workloads": [{"name": "a"}]},
    {
        "ID": 2,
        "identity": 7,
        "namespace": "shop",
        "pod_name": "a-2",
        "workloads": [{"name": "a"}, {"name": "b"}],
    },
    {"identity": 9, "namespace": "pay", "labels": ['a"time":"b', "x" * 600, "}", "{", '"}'], "pod_name": "b"},
    {"identity": 2, "labels": ["reserved:world"]},
    {"ID": 0, "identity": 0, "namespace": "shop", "pod_name": ""},
    {"ID": "3", "identity": "x"},
    {"namespace": " mark 5 ", "pod_name": "c", "labels": {"a": {"b": {}}}},
    {"ID": 4, "labels": ["y" * 5000]},
    *({}, None, [], "a", {"namespace": 1}),
)
SERVICES: tuple[Any, ...] = (
    {"name": "web", "namespace": "shop"},
    {"name": "web", "namespace": "pay"},
    {"namespace": "shop"},
    *({"name": "web"}, {}, None, "web", {"name": 3}),
)
ETHERNETS: tuple[Any, ...] = (
    {"source": "0a:58:0a:14:00:02", "destination": "0a:58:0a:14:00:01"},
    {"source": "0a:58:0a:14:00:03", "destination": "0a:58:0a:14:00:01"},
    *({"source": '"'}, {"source": {}}, {}, [], "x"),
)
FLAGS = ({"SYN": True}, {"SYN": True, "ACK": True}, {"ACK": True}, {})


def flow(dice: random.Random) -> dict[str, Any]:
    """A flow of the usual kinds, with its keys in their usual order."""
    usual = dice.random() < 0.8

    def some(values: tuple[Any, ...], n_usual: int) -> Any:
        return dice.choice(values[:n_usual] if usual else values)

    found: dict[str, Any] = {
        "time": "",
        "uuid": "6f6f1f7a-0000-4000-8000-00000000000f",
        "verdict": "FORWARDED",
    }
    if dice.random() < 0.2:
        found = {"verdict": "DROPPED", "drop_reason_desc": "POLICY_DENIED", "time": ""}
    if dice.random() < 0.5:
        found["ethernet"] = some(ETHERNETS, 2)
    found["IP"] = {"source": some(ADDRESSES, 5), "destination": some(ADDRESSES, 5)}
    if dice.random() < 0.2:
        found["IP"]["source_xlated"] = some(ADDRESSES, 5)
    ports: dict[str, Any] = {"source_port": 1, "destination_port": 2, "flags": dice.choice(FLAGS)}
    found["l4"] = {dice.choice(["TCP", "UDP"]): ports}
    found["source"], found["destination"] = some(ENDPOINTS, 4), some(ENDPOINTS, 4)
    for key in ("source_service", "destination_service"):
        if dice.random() < 0.2:
            found[key] = some(SERVICES, 2)
    if dice.random() < 0.2:
        found["destination_names"] = some((["a.example"], [], [1], ["\u00e9"], {"a": "b"}), 2)
    if dice.random() < 0.2:
        found["interface"] = some(({"index": 3, "name": "lxc_1"}, {"index": -1}, "eth0", {}, {"a": {}}), 1)
    found["event_type"] = {"type": dice.choice([1, 4, 5])}
    if dice.random() < 0.5:
        found["is_reply"] = dice.random() < 0.5
    return found


def log(dice: random.Random, times: tuple[str, ...] = TIMES) -> bytes:
    """times: of which the first two are usual."""
    lines = []
    for _ in range(6):
        line = json.dumps(
            {"flow": flow(dice), "node_name": "n1", "time": ""}, separators=(",", dice.choice([":", ": "]))
        )
        lines += [line] * 5
    texts = []
    for text in dice.sample(lines, len(lines)):
        usual = dice.random() < 0.8
        time = dice.choice(times[:2] if usual else times)
        ports = PORTS[:5] if usual else PORTS
        text = re.sub(r'("time": ?)""', lambda found, time=time: f'{found[1]}"{time}"', text)
        text = re.sub(r"(_port\": ?)[12]", lambda found, ports=ports: f"{found[1]}{dice.choice(ports)}", text)
        texts.append(text.encode())
    if dice.random() < 0.5:
        texts = [f"2026-04-01T09:00:00.{n}Z stdout F ".encode() + text for n, text in enumerate(texts)]
    if dice.random() < 0.5:
        texts[3] = damaged(texts[3], dice.randrange(1000))
    return b"\n".join(texts)


@pytest.fixture
def learned() -> Iterator[list[int]]:
    """How many lines were learned."""
    told: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        original = Repeats.learn

        def learn(self: Repeats, *words: Any) -> None:
            told.append(1)
            original(self, *words)

        patch.setattr(Repeats, "learn", learn)
        yield told


def test_rows_are_those_of_lines_read_one_by_one(
    tmp_path: Path, learned: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hubble.log"
    for seed in range(120):
        path.write_bytes(log(random.Random(seed)))
        rows, account = read_log(path, "hubble")
        with monkeypatch.context() as patch:
            patch.setattr(Repeats, "values", values_of_nothing)
            slowly, expected = read_log(path, "hubble")
        assert rows == slowly
        assert vars(account) == vars(expected)
        plainly, rejected = rows_without_marks(path)
        for row, plain in zip(rows, plainly, strict=True):
            assert row == plain
        assert sum(account.rejected.values()) == rejected
    assert len(learned) > 200


def rows_without_marks(path: Path) -> tuple[list[dict[str, Any]], int]:
    """(rows, records rejected): what becomes of each line where no part of it is kept."""
    account, unwrapper = Account(), Unwrapper()
    rows, ranks = [], {}
    for place, text in enumerate(path.read_bytes().split(b"\n")):
        for record, line_text in unwrapper.unwrap(Lines(place, [text])):
            line = line_of(line_text)
            if line is None:
                account.reject("bad_record", record)
            elif line.flow is not None:
                row = row_of(line, line.flow)
                row.record, ranks[record] = record, rank_of(kind_of(line.flow))
                if all(port is None or 0 <= port < 1 << 16 for port in (row.src_port, row.dst_port)):
                    rows.append(row)
                else:
                    account.reject("bad_port", record)
    usable = set(batch_of(rows, account).column(RECORD).to_pylist())
    rows = [row for row in rows if row.record in usable]
    for row in rows:
        row.src_ip, row.dst_ip = (text and canonical_address(text) for text in (row.src_ip, row.dst_ip))
    asking = [row for row in rows if not row.initiator]
    Connections().settle(rows, [ranks[row.record] for row in rows])
    for row in asking:
        row.initiator = row.initiator or 0
        if row.initiator == 2:  # an answer, which that it was denied decides nothing about
            row.action = 4 if row.action == 2 else row.action
            row.egress_action = row.ingress_action = None
    told = whole_schema(batch_of(rows, account)).to_pylist()
    kept = [{name: value for name, value in row.items() if value is not None} for row in told]
    return kept, sum(account.rejected.values()) + unwrapper.rest()


def values_of_nothing(self: Repeats, block: Any, cut: Any) -> repeats.Values:
    n = len(block.starts)
    told = np.zeros((WIDTH, n), dtype=np.int32)
    return repeats.Values(np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.int64), told)


def test_patterns_are_forgotten_when_they_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowcheck.flows.logs.alike.blocks.BLOCK_BYTES", 1 << 13)
    path = tmp_path / "hubble.log"
    path.write_bytes(b"\n".join(log(random.Random(seed), SOON) for seed in range(8)))
    expected, other = read_log(path, "hubble")
    monkeypatch.setattr(repeats, "MOST_PATTERNS", 4)
    monkeypatch.setattr("flowcheck.flows.logs.alike.prototypes.MOST", 5)
    rows, account = read_log(path, "hubble")
    assert rows == expected
    assert vars(account) == vars(other)


@pytest.mark.parametrize(
    ("name", "most"), [("ends.MOST_ENDS", 3), ("pieces.MOST_PIECES", 4), ("pieces.MOST_TEXT", 900)]
)
def test_ends_are_forgotten_when_they_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    """Connections that go on after it are still counted once."""
    monkeypatch.setattr("flowcheck.flows.logs.alike.blocks.BLOCK_BYTES", 1 << 13)
    path = tmp_path / "hubble.log"
    path.write_bytes(b"\n".join(log(random.Random(seed), SOON) for seed in range(12)))
    expected, other = read_log(path, "hubble")
    monkeypatch.setattr(f"flowcheck.flows.logs.alike.{name}", most)
    rows, account = read_log(path, "hubble")
    assert rows == expected
    assert vars(account) == vars(other)


def test_a_value_among_labels_is_not_that_of_a_field(tmp_path: Path) -> None:
    """What stands where a port or a time would, but is another key's or is said twice."""
    line = (
        '{"flow":{"a":{"source_port":%d},"time":"2026-04-01T09:00:0%dZ","IP":{"source":"192.0.2.1","destination":'
        '"192.0.2.2"},"l4":{"UDP":{"source_port":%d,"source_port":%d,"destination_port":53}},"event_type":{"type":5}}}'
    )
    path = tmp_path / "hubble.log"
    path.write_text("".join(f"{line % (n + 100, n, n + 200, n + 300)}\n" for n in range(5)))
    rows, _ = read_log(path, "hubble")
    assert [(row["src_port"], row["start_time"].second) for row in rows] == [(n + 300, n) for n in range(5)]

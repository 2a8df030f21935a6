"""Reading which addresses DNS names had."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import ManifestError
from flowcheck.manifests.dns_map import COLLECTED, read_dns_map
from flowcheck.model.instants import parse_instant
from flowcheck.model.ranges import NamedAddress
from flowcheck.model.timeline import ALWAYS, BEGINNING, Lifetime

NOON = parse_instant("2026-03-10T12:00:00Z")
MINUTE = 60_000_000


def read(folder: Path, text: str | bytes, name: str = "names") -> tuple[NamedAddress, ...]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_dns_map(path).names


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    rows = (
        "name,address,from,until\nAPI.example.com.,192.0.2.1,,\n"
        "b.example,2001:DB8::1,2026-03-10T12:00:00Z,2026-03-10T12:01:00Z\nb.example,192.0.2.2,,2026-03-10T12:00:00Z\n"
    )
    lines = [
        {"name": "api.example.com", "addresses": ["192.0.2.1"]},
        {
            "name": "b.example",
            "address": "2001:db8::1",
            "from": "2026-03-10T12:00:00Z",
            "until": "2026-03-10T12:01:00Z",
        },
        {"name": "b.example", "address": "::ffff:192.0.2.2", "until": "2026-03-10T12:00:00Z"},
    ]
    expected = (
        NamedAddress("api.example.com", "192.0.2.1", ALWAYS),
        NamedAddress("b.example", "2001:db8::1", Lifetime.exact(NOON, NOON + MINUTE)),
        NamedAddress("b.example", "192.0.2.2", Lifetime.exact(BEGINNING, NOON)),
    )
    text = "\n".join(map(json.dumps, lines))
    assert read(tmp_path, rows) == read(tmp_path, text) == expected
    assert read(tmp_path, gzip.compress(text.encode()), "names.gz") == expected


def answer(**dns: Any) -> dict[str, Any]:
    layer = {"type": "RESPONSE", "dns": {"query": "a.example.", "ips": ["192.0.2.1"], "ttl": 60, **dns}}
    return {"flow": {"time": "2026-03-10T12:00:00Z", "verdict": "FORWARDED", "Type": "L7", "l7": layer}}


def test_answers_in_records_of_hubble_hold_for_their_ttl(tmp_path: Path) -> None:
    asked, other = answer(), {"flow": {"verdict": "FORWARDED"}, "time": "2026-03-10T12:00:00Z"}
    asked["flow"]["l7"]["type"] = "REQUEST"
    log = [asked, other, answer(), answer(ips=None, rcode=3), {"lost_events": {}, "node_name": "n"}]
    end = NOON + MINUTE
    expected = NamedAddress("a.example", "192.0.2.1", Lifetime(NOON, end + COLLECTED, NOON, end))
    assert read(tmp_path, "\n".join(map(json.dumps, log))) == (expected,)


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("", "names", "it lacks name and address"),
        ("address\n192.0.2.1\n", "names", "names:1: the first line does not name the columns"),
        ("address\n192.0.2.1\n", "names", ": it lacks name (write name,address,from,until"),
        ("host;ip\n", "names", "it lacks name and address; 'host;ip' is no column"),
        ("name,address,ttl,since\n", "names", "map: 'ttl', 'since' are no column"),
        (
            "ip\n",
            "names",
            "from and until are optional, and below it lines as api.example.com,192.0.2.1,2026-",
        ),
        ("name,address\na,192.0.2.1,b\n", "names", "names:2: has more fields than the first line names"),
        (b"name,address\n\xff,192.0.2.1\n", "names", "names:2: is not UTF-8"),
        ("name,address\na.example,nowhere\n,192.0.2.1\n", "names", "names:2: address: there is none (write"),
        (
            "name,address\na.example,192.0.2.1\n,192.0.2.1\n",
            "names",
            "names:3: name: there is none that DNS could have",
        ),
        (
            '{"name":"a","address":"192.0.2.1"}\n{"name":\n',
            "names",
            "names:2: is not JSON (one object a line",
        ),
        ('{"name":"a","address":"192.0.2.1","ttl":3}', "names", "has a field 'ttl'"),
        ('{"name":"a","address":"192.0.2.1","from":"noon"}', "names", "is not a time"),
        ('{"name":"a","address":"192.0.2.1","from":7}', "names", "from: is not a time"),
        (
            '{"name":"a","address":"192.0.2.1","from":"2026-03-10T12:00:00Z","until":"2026-03-10T12:00:00Z"}',
            "names",
            "ends before it begins",
        ),
        ('{"name":"a","addresses":[]}', "names", "addresses: must be a list"),
        (json.dumps(answer(ttl=-1)), "names", "flow.l7.dns: ips must be a list, and ttl"),
        (json.dumps({"flow": {"verdict": "FORWARDED"}}), "names", "tells of no name"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str | bytes, where: str, why: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, text)
    assert why in str(caught.value)
    assert where in str(caught.value)
    assert caught.value.hint or caught.value.problems[0].hint


def test_every_problem_is_counted(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, "name,address\n" + "a.example,x\n" * 30)
    assert len(caught.value.problems) == 30
    assert "and 10 more" in str(caught.value)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="No such file"):
        read_dns_map(tmp_path / "nothing")
    with pytest.raises(ManifestError, match="is no DNS map"):
        read_dns_map(tmp_path)

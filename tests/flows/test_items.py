"""Records that stand in lists, or over several lines, taken apart."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.items import in_lists, objects_of, taken_apart
from flowcheck.flows.logs.text.source import Source

RECORDS = [{"a": n, "b": [{"c": "}{"}, '\\"{'], "d": {"e": None}} for n in range(5)]
FORMS = {
    "a list": json.dumps(RECORDS),
    "a list over lines": json.dumps(RECORDS, indent=2),
    "lists": "\n".join(json.dumps(RECORDS[n : n + 2]) for n in (0, 2, 4)),
    "records": json.dumps({"records": RECORDS, "next": "x", "left": ["y"]}),
    "documents of records": "\n".join(json.dumps({"records": [one]}, indent=1) for one in RECORDS),
    "one after another": "\n".join(json.dumps(one, indent=2) for one in RECORDS),
    "with a mark of order": "\ufeff" + json.dumps(RECORDS),
}


def read(path: Path, text: str | bytes) -> tuple[list[tuple[int, bytes]], Account]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    account = Account()
    with Source(str(path)) as source:
        return [record for records in objects_of(source, account) for record in records], account


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_same_records(form: str, tmp_path: Path) -> None:
    assert in_lists(FORMS[form].encode())
    found, account = read(tmp_path / "log", FORMS[form])
    assert [json.loads(text) for _, text in found] == RECORDS
    assert [number for number, _ in found] == list(range(5))
    assert account.records == 5


def test_lines_are_lines(tmp_path: Path) -> None:
    text = "".join(json.dumps(one) + "\n\n" for one in RECORDS)
    assert not in_lists(text.encode())
    found, account = read(tmp_path / "log", text + "{broken\n")
    assert [number for number, _ in found] == [0, 2, 4, 6, 8, 10]
    assert account.records == 6


@pytest.mark.parametrize("form", FORMS)
def test_wherever_blocks_end_the_records_are_the_same(form: str) -> None:
    data = FORMS[form].encode()
    for seed in range(30):
        dice, found, rest, at = random.Random(seed), [], b"", 0
        while at < len(data):
            size = dice.randint(1, 40)
            texts, rest = taken_apart(rest + data[at : at + size], whole=False)
            found += texts
            at += size
        found += taken_apart(rest, whole=True)[0]
        assert [json.loads(text) for text in found] == RECORDS


def test_a_broken_record_costs_itself_only(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "log", '[{"a": 1}, {"b": oops}, {"a": 2}, {"a": ')
    assert [text.strip(b" ,") for _, text in found] == [b'{"a": 1}', b'{"b": oops}', b'{"a": 2}', b'{"a":']


@pytest.mark.parametrize("filler", [" ", "}", "{", '"', "[", ", ", '{"a":', "}{"])
def test_nothing_takes_long(filler: str, tmp_path: Path) -> None:
    read(tmp_path / "log", '[{"a": 1} ' + filler * 300_000 + '{"a": x}')

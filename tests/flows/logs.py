"""Logs for tests: text in, rows as dictionaries and the account out."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats import all_formats
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.converted import whole_schema
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.recognised import recognise
from flowcheck.flows.logs.text.head import Head, head_of
from flowcheck.flows.logs.text.source import Source

BY_NAME = {format_.name: format_ for format_ in all_formats()}


def read_log(path: Path, name: str, **asked: Any) -> tuple[list[dict[str, Any]], Account]:
    """The rows of a log, without what they do not say, and the account of its records."""
    account = Account()
    rows = []
    with Source(str(path)) as source:
        for batch in BY_NAME[name].read(source, Asked(**asked), account):
            account.rows += batch.num_rows
            rows += whole_schema(batch).to_pylist()
    assert account.balanced, vars(account)
    return [{key: value for key, value in row.items() if value is not None} for row in rows], account


def rows_of(name: str, path: Path, *records: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of records, a line of JSON each, none of which is rejected."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    rows, account = read_log(path, name)
    assert not account.rejected, account.rejected
    return rows


TAPPED = {
    **{"src_ip": "10.20.0.7", "dst_ip": "10.20.1.9", "protocol": 6, "initiator": 1, "action": 0},
    **{"observation_point": 3, "record_kind": 3, "flow_count": 1, "flow_count_here": 1},
    **{"bytes": 1180, "packets": 9, "bytes_reverse": 4520, "packets_reverse": 8},
}
"""The first connection in the examples of what sees a tap."""


def recognised(path: Path) -> str:
    """The name of the format that a log is taken for; empty for none."""
    with Source(str(path)) as source:
        return recognised_head(head_of(source))


def recognised_head(head: Head) -> str:
    try:
        return recognise(head, all_formats()).format.name
    except FlowFormatError:
        return ""


def damaged(data: bytes, seed: int) -> bytes:
    """The bytes with some of them changed, doubled, left out or cut off.

    A Parquet file's footer stays as it is: some bits of it end the process of pyarrow 26.0.1 by SIGABRT.
    """
    dice = random.Random(seed)
    footer = 8 + int.from_bytes(data[-8:-4], "little") if data.startswith(b"PAR1") else 0
    found = bytearray(data[: len(data) - footer])
    for _ in range(dice.randint(1, 8)):
        if not found:
            break
        at = dice.randrange(len(found))
        match dice.randrange(5):
            case 0:
                found[at] = dice.randrange(256)
            case 1:
                del found[at : at + dice.randint(1, 40)]
            case 2:
                found[at:at] = found[at : at + dice.randint(1, 40)]
            case 3:
                found[at:at] = dice.choice(
                    [b'"', b"{", b"}", b"\n", b",", b"-", b"null", b"1e999", b"\x00", b" "]
                )
            case 4:
                del found[at:]
    return bytes(found) + data[len(data) - footer :]

"""What records tell a mesh's policies beside their ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from flowcheck.compile.mesh.circumstances import Questions
from flowcheck.judging.told import NOTHING, Recorded, Told, read_told
from flowcheck.model.mesh.requests import Asks, Part
from flowcheck.model.peers import AllOf
from tests.meshes import DENY, denies, mesh_policy

ASKED = (Asks(Part.METHOD, "GET"), Asks(Part.PATH, "/a"), Asks(Part.SNI, "db"), Asks(Part.OTHER, "1", "x"))
QUESTIONS = Questions.of([mesh_policy(DENY, denies(request=AllOf(ASKED)))])
ID = "spiffe://cluster.local/ns/a/sa/b"


def told(*turned: bool, **columns: list[Any]) -> Told | None:
    n = len(next(iter(columns.values())))
    replies = np.array(turned or [False] * n)
    batch = pa.RecordBatch.from_pydict({"protocol": [6] * n, **columns})
    return read_told(batch, QUESTIONS, replies, np.zeros(n, dtype=np.uint8))


def recorded(found: Told | None) -> list[Recorded]:
    assert found is not None
    return [found.values[one] for one in found.which.tolist()]


def test_without_such_columns_nothing_is_told() -> None:
    assert told(dst_port=[80]) is None


def test_who_the_client_is() -> None:
    found = told(src_principal=[ID, "none", None, ID])
    assert recorded(found) == [Recorded(ID), Recorded("none"), NOTHING, Recorded(ID)]


def test_each_part_answers_what_is_asked_of_it() -> None:
    found = told(http_method=["GET", "PUT", None, None], http_path=["/a", None, "GET", None])
    assert recorded(found) == [
        Recorded("", (True, True, None, None), True),
        Recorded("", (False, None, None, None), True),
        Recorded("", (None, False, None, None), True),
        NOTHING,
    ]


def test_a_servers_name_is_no_part_of_a_request() -> None:
    assert recorded(told(tls_server_name=["db"])) == [Recorded("", (None, None, True, None), False)]
    assert recorded(told(http_host=["a"])) == [Recorded("", (), True)]


def test_of_a_reply_the_other_end_was_told() -> None:
    found = told(True, False, src_principal=[ID, ID], outer_port=[15008, 15008])
    assert recorded(found) == [NOTHING, Recorded(ID)]
    assert found is not None
    assert found.seen.tolist() == [-1, 15008]

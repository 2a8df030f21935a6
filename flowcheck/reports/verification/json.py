"""What was found of a result as one JSON object: the whole record, with every difference."""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.results.records import SCHEMA
from flowcheck.results.records.verification import Verification
from flowcheck.writing import json_text


def render(verification: Verification, stream: TextIO) -> None:
    document = {"schema": SCHEMA, **msgspec.to_builtins(verification)}
    stream.write(json_text(document, indent=2) + "\n")

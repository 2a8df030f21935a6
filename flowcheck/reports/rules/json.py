"""All that is told of rules as one JSON object. ASCII only, and safe to put into a web page."""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.results.records.rules import RulesRecord
from flowcheck.writing import json_text


def render(record: RulesRecord, stream: TextIO) -> None:
    stream.write(json_text(msgspec.to_builtins(record), indent=2) + "\n")

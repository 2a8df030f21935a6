"""The comparison as one JSON object: its summary, and ``changes``; as diff.json has it."""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.results.diff.result import DiffResult
from flowcheck.writing import json_text


def render(result: DiffResult, stream: TextIO) -> None:
    stream.write(json_text(msgspec.to_builtins(result.document()), indent=2) + "\n")

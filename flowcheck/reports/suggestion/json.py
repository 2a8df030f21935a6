"""A suggestion as one JSON object, suggestion.json: every policy, and what was seen behind each rule."""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.suggesting.records import Suggestion
from flowcheck.writing import json_text


def render(suggestion: Suggestion, stream: TextIO) -> None:
    stream.write(json_text(msgspec.to_builtins(suggestion), indent=2) + "\n")

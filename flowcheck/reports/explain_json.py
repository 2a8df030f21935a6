"""An explanation as one JSON object: the whole record of :mod:`flowcheck.explain.records`."""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.explain.records import Explanation
from flowcheck.results.files import json_text


def render(explanation: Explanation, stream: TextIO) -> None:
    stream.write(json_text(msgspec.to_builtins(explanation), indent=2) + "\n")

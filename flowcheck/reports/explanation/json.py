"""An explanation as one JSON object: the whole record of :mod:`flowcheck.explaining.records`."""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.explaining.records import Explanation
from flowcheck.writing import json_text


def render(explanation: Explanation, stream: TextIO) -> None:
    stream.write(json_text(msgspec.to_builtins(explanation), indent=2) + "\n")

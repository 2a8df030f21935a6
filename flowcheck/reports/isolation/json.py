"""The isolated workloads as one JSON object: ``schema``, ``nobody_may_reach``, ``may_reach_nobody``."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reach.matrix import Isolated
from flowcheck.results.records import SCHEMA
from flowcheck.writing import json_text


def render(isolated: Isolated, stream: TextIO) -> None:
    """Write both lists."""
    document = {
        "schema": SCHEMA,
        "nobody_may_reach": list(isolated.unreachable),
        "may_reach_nobody": list(isolated.reaching_nobody),
    }
    stream.write(json_text(document, indent=2) + "\n")

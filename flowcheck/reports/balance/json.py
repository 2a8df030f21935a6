"""The load as one JSON object: schema, thresholds, classes, warnings, what is missing, and services.

ASCII only, and safe to put into a web page: ``<``, ``>``, ``&`` and DEL are escaped. No NaN.
"""

from __future__ import annotations

from typing import TextIO

import msgspec

from flowcheck.balance.tell.records import SCHEMA
from flowcheck.balance.tell.result import LoadResult
from flowcheck.writing import json_text


def render(result: LoadResult, stream: TextIO, *, service: str = "") -> None:
    """Write the records; ``service`` (``ns/name``) leaves only that one's."""
    services = [one for one in result.services if service in ("", one.name)]
    document = {
        "schema": SCHEMA,
        "thresholds": msgspec.to_builtins(result.thresholds),
        "classes": result.classes,
        "warnings": result.warnings,
        "incomplete_because": result.incomplete_because,
        "nothing": msgspec.to_builtins(result.nothing),
        "services": msgspec.to_builtins(services),
    }
    stream.write(json_text(document, indent=2) + "\n")

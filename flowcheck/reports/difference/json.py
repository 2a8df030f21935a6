"""What changed between two clusters, as one JSON object: ``schema``, counts by kind, parties that are new or
gone, and ``changes`` with their ports."""

from __future__ import annotations

from typing import Any, TextIO

from flowcheck.reach.compared import KINDS, Change, Difference
from flowcheck.reports.parts.stretches import plain
from flowcheck.results.records import SCHEMA
from flowcheck.writing import json_text


def render(found: Difference, stream: TextIO) -> None:
    """Write all changes."""
    document = {
        "schema": SCHEMA,
        "pairs": found.n_pairs,
        "counts": {kind: len(found.of(kind)) for kind in KINDS},
        "new": list(found.new),
        "gone": list(found.gone),
        "left_out": list(found.left_out),
        "notes": list(found.notes),
        "changes": [_change(one) for one in found.changes],
    }
    stream.write(json_text(document, indent=2) + "\n")


def _change(change: Change) -> dict[str, Any]:
    return {
        "src": change.source,
        "dst": change.destination,
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "reasons": list(change.reasons),
        "text": change.ports,
        "ports": plain(change.stretches),
    }

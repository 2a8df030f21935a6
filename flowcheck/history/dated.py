"""A document with its time: what history is made from."""

from __future__ import annotations

from typing import NamedTuple

from flowcheck.history.kept import Kept
from flowcheck.history.sightings import When
from flowcheck.manifests.documents import Document


class Dated(NamedTuple):
    """``when`` None: what the document says holds for all times. ``kept``: an inventory has it so."""

    document: Document
    when: When | None
    kept: Kept | None = None

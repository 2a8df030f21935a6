"""A document with its time: what history is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flowcheck.history.kept import Kept
from flowcheck.history.sightings import When
from flowcheck.manifests.documents import Document
from flowcheck.manifests.envelopes import What


class Dated(NamedTuple):
    """``when`` None: what the document says holds for all times. ``kept``: an inventory has it so."""

    document: Document
    when: When | None
    kept: Kept | None = None


def timeless(given: Iterable[Dated]) -> Iterator[Dated]:
    """What was so in a snapshot, as if it held for all times; what happened at a time stays there."""
    for one in given:
        yield one._replace(when=None) if one.when and one.when.what is What.STATE else one

"""Paths -> documents with their times, in order: objects of files, events of watches, rows of inventories.

The events of a watch come after the other documents of their file, as they are dated together. A note in a
snapshot (``history.notes``) tells when it was taken, whatever its name says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flowcheck.errors import ManifestError
from flowcheck.history.dated import Dated
from flowcheck.history.dating import date_events, listed_again
from flowcheck.history.inventory.rows import Row, documents_of
from flowcheck.history.notes import is_note, read_note
from flowcheck.history.sightings import When
from flowcheck.manifests.documents import Document
from flowcheck.manifests.envelopes import Event, What, Write
from flowcheck.manifests.files.paths import At, Input, PathLike, read_inputs
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.streams import read_objects

TableReader = Callable[[Input, Journal], Iterable[Row]]


def read_documents(
    paths: Iterable[PathLike], journal: Journal, at: At = None, tables: TableReader | None = None
) -> Iterator[Dated]:
    """Every object under the paths, in order. ``at`` is the time of files whose names tell none; ``tables``
    reads the files that are Parquet, which are refused as no text without it."""
    for item in read_inputs(paths, journal, at):
        if tables is not None and item.data[:4] == b"PAR1":
            for row in tables(item, journal):
                yield from documents_of(row, journal)
        else:
            yield from _of_file(item, journal)


def _of_file(item: Input, journal: Journal) -> Iterator[Dated]:
    snapshot = None if item.time is None else When(item.time)
    events: list[tuple[Document, Event]] = []
    for document, envelope in read_objects(item, journal):
        match envelope:
            case None:
                if is_note(document):
                    snapshot = taken_at(document) or snapshot
                yield Dated(document, snapshot)
            case Event(what=What.HEARD):
                yield Dated(document, taken_at(document, What.HEARD))
            case Event():
                events.append((document, envelope))
            case Write():
                yield Dated(document, When.exactly(envelope.time, envelope.what))
    again = listed_again(events)
    if again is not None:
        journal.broken_watches.add(item.name)
        journal.warnings.append(
            f"{again.source} {again.kind} {again.name} is listed a second time: the watch began anew, "
            "and what went away in between is not told; keep each watch in a file of its own"
        )
    yield from date_events(events)


def taken_at(note: Document, what: What = What.STATE) -> When | None:
    """When a snapshot was taken, by its note, or up to when a watch has told of everything; None: the note
    cannot be read."""
    try:
        _, taken, until = read_note(note)
    except ManifestError:
        return None
    return When(until if what is What.HEARD else taken, what)

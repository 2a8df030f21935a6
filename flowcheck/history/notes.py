"""What a snapshot or a watch of flowcheck's own says of itself: a note beside the objects.

kubectl's files tell neither when they were taken nor which kinds were asked for. A note does: it is the first
item of a snapshot's List, and the object of a BOOKMARK in a watch's file, which nothing else takes for an
object.
"""

from __future__ import annotations

from typing import Any

import msgspec

from flowcheck.errors import ManifestError
from flowcheck.manifests.documents import Document
from flowcheck.manifests.envelopes import NOTE
from flowcheck.model.instants import parse_instant

GROUP = "flowcheck"
API_VERSION = f"{GROUP}/v1"


class Missing(msgspec.Struct, frozen=True):
    """A kind that could not be asked for, and why."""

    kind: str
    reason: str


class Missed(msgspec.Struct, frozen=True):
    """A time in which changes were missed; RFC 3339."""

    since: str
    until: str


class Told(msgspec.Struct, frozen=True, array_like=True):
    """How far a resource was told: its resourceVersion, and when that was (RFC 3339)."""

    version: str
    heard: str


class Note(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """``taken``: when the snapshot was begun, or the watch. ``until``: when a snapshot's last answer came, or
    up to when a watch has told of everything. Both RFC 3339. ``kinds``: what was asked for, in all
    namespaces, as ``called`` in ``kinds``. ``watch``: what tells one watch from another; its files follow one
    another. ``told``: how far, by resource."""

    api_version: str = ""
    kind: str = ""
    metadata: dict[str, str] = {}
    taken: str
    until: str
    server: str = ""
    kinds: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    watch: str = ""
    missed: tuple[Missed, ...] = ()
    told: dict[str, Told] = {}


def is_note(document: Document) -> bool:
    return document.kind == NOTE and document.group == GROUP


def note_object(note: Note) -> dict[str, Any]:
    """The note as an object that ``read_note`` takes."""
    told: dict[str, Any] = msgspec.to_builtins(note)
    return {"apiVersion": API_VERSION, "kind": NOTE, "metadata": {"name": "note"}, **told}


def read_note(document: Document) -> tuple[Note, int, int]:
    """The note, and its two times.

    Raises:
        ManifestError: it is not as flowcheck writes it; the problem is reported too.
    """
    note = document.decode(Note)
    try:
        for one in note.missed:
            parse_instant(one.since), parse_instant(one.until)
        return note, parse_instant(note.taken), parse_instant(note.until)
    except ValueError as error:
        document.report(f"its time {error}", "take the snapshot again", path="taken")
        raise ManifestError("unreadable", problems=document.problems) from None

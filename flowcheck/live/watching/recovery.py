"""The last file of a watch -> what is known, to go on from: no other record is kept.

What stands after the last whole line is what a crash left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from flowcheck.errors import RunError
from flowcheck.history.notes import Note
from flowcheck.kinds import called
from flowcheck.live.watching.lines import Line, head_of, read_line
from flowcheck.manifests.files.paths import MAX_BYTES
from flowcheck.model.instants import parse_instant
from flowcheck.opening import read_file


@dataclass(slots=True)
class Recovered:
    """``watch`` tells it from others. ``objects``: by kind, as it is called here, and by namespace/name.
    ``versions`` and ``told``: by the title of what is followed, from where to go on, and when the last of it
    was told. ``heard``: up to when all was. ``size``: bytes of whole lines. ``begun``: when the file was."""

    watch: str
    begun: int
    heard: int
    size: int = 0
    objects: dict[str, dict[str, bytes]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    def _take(self, line: Line) -> None:
        if line.type == "BOOKMARK":
            note = msgspec.json.decode(line.object, type=Note)
            for title, told in note.told.items():
                self._is_told(title, told.version, parse_instant(told.heard))
            self.heard = max(self.heard, parse_instant(note.until))
            return
        if line.version:
            self._is_told(line.resource, line.version, 0 if line.since else parse_instant(line.time))
        head, whole = head_of(line.object), bytes(line.object)
        known = self.objects.setdefault(called(head.group, head.kind), {})
        if line.type == "DELETED":
            known.pop(head.key, None)
        else:
            known[head.key] = whole

    def _is_told(self, title: str, version: str, heard: int) -> None:
        self.versions[title] = version
        self.told[title] = max(heard, self.told.get(title, 0))


def recover(path: Path) -> Recovered:
    """Raises: RunError where the file is not as a watch writes it."""
    try:
        data = read_file(path, MAX_BYTES)
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.splitlines()
        first = msgspec.json.decode(read_line(lines[0]).object, type=Note)
        found = Recovered(first.watch, parse_instant(first.taken), parse_instant(first.until), len(whole))
        for text in lines:
            found._take(read_line(text))
    except OSError as error:
        raise RunError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (msgspec.DecodeError, ValueError, IndexError):
        hint = "move it to another folder, or name another for the watch"
        raise RunError("is not as a watch of flowcheck writes it", where=str(path), hint=hint) from None
    return found

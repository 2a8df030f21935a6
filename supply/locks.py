"""Lock files as pip-compile writes them -> what they pin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-image.lock", "requirements-dev.lock")
"""What users need to run flowcheck; the same with what else the image has (the extra live, the build tool);
and what it takes to test and build, which holds all of the others."""

_PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ \\]+) \\")
_HASH = re.compile(r"    --hash=sha256:(?P<sha256>[0-9a-f]{64})(?: \\)?")
_VIA = re.compile(r"    #(?: via|  ) (?P<name>[^\s-]\S*)(?: .*)?")


class Pin(NamedTuple):
    """``hashes``: the SHA-256 of each file of this version that pip may take. ``via``: who needs it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]


def read_lock(path: Path) -> list[Pin]:
    """The pins of a lock, by name.

    **Raises**: ValueError for a line that is none of a lock's, and for a pin without a hash.
    """
    pins: list[Pin] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := _PIN.fullmatch(line):
            pins.append(Pin(found["name"], found["version"], (), ()))
        elif pins and (found := _HASH.fullmatch(line)):
            pins[-1] = pins[-1]._replace(hashes=(*pins[-1].hashes, found["sha256"]))
        elif pins and (found := _VIA.fullmatch(line)):
            pins[-1] = pins[-1]._replace(via=(*pins[-1].via, found["name"]))
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"{path}:{number}: no line of a lock; renew it by make lock")
    for pin in pins:
        if not pin.hashes:
            raise ValueError(f"{path}: {pin.name} has no hash; renew it by make lock")
    return sorted(pins)

"""What a result was found to be when it was read again."""

from __future__ import annotations

import msgspec

Value = str | int | float | None


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it should be: in which file, what of it, and what it should be and is. None:
    it is not there."""

    file: str
    what: str
    expected: Value
    found: Value


class InputsAgain(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs that were read again. ``not_checked``: those that nothing can be held against, by their
    names: standard input, rows in memory, files that could not be read then."""

    files: int
    bytes: int
    not_checked: tuple[str, ...]


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """A result folder, held against what it says of itself.

    ``holds``: nothing differs. ``files`` and ``bytes`` are those of the folder that an audit writes; what
    they say of rows, edges, violations and findings is None where it could not be read. ``inputs`` is None
    where they were not to be read again.
    """

    folder: str
    holds: bool
    differences: tuple[Mismatch, ...]
    files: int
    bytes: int
    rows: int | None
    edges: int | None
    violations: int | None
    findings: int | None
    inputs: InputsAgain | None

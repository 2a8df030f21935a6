"""All that differs, in the order it is met."""

from __future__ import annotations

from flowcheck.results.records.verification import Mismatch, Value


class Differences:
    """Gathers what is not as it should be."""

    def __init__(self) -> None:
        self.found: list[Mismatch] = []

    def add(self, file: str, what: str, expected: Value, found: Value) -> None:
        self.found.append(Mismatch(file=file, what=what, expected=expected, found=found))

    def expect(self, file: str, what: str, expected: Value, found: Value) -> None:
        """``found`` is what the file says."""
        if expected != found:
            self.add(file, what, expected, found)

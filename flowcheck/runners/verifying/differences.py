"""All that differs, in the order it is met."""

from __future__ import annotations

from flowcheck.results.records.verification import Mismatch, Value


class Differences:
    """Gathers what is not as it should be."""

    def __init__(self) -> None:
        self.found: list[Mismatch] = []

    def add(self, file: str, what: str, expected: Value, found: Value) -> None:
        self.found.append(Mismatch(file=file, what=what, expected=_told(expected), found=_told(found)))

    def expect(self, file: str, what: str, expected: Value, found: Value) -> None:
        """``found`` is what the file says."""
        if expected != found:
            self.add(file, what, expected, found)


def _told(value: Value) -> Value:
    """Of a number that no audit has, its size: Python writes none of more than 4,300 digits."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of {value.bit_length()} bits"
    return value

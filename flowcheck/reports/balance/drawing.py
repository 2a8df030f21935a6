"""Shares and series drawn with ASCII characters, for reports of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowcheck.counted import counted

RAMP = " .:-=+*#%@"
"""From nothing to the most."""
MOST_IN_STRIP = 12


def bar(share: float, expected: float | None, most: float, width: int) -> str:
    """A bar of ``width`` characters, of which ``most`` would fill all; ``|`` where it should end."""
    scale = (width - 1) / most if most else 0.0
    cells = ["#"] * max(round(share * scale), 1 if share > 0 else 0)
    cells += [" "] * (width - len(cells))
    if expected is not None:
        cells[min(width - 1, round(expected * scale))] = "|"
    return "".join(cells)


def strip(shares: Sequence[float]) -> str:
    """The shares side by side, each as a small bar, of which the largest fills its place."""
    most = max(shares, default=0.0)
    if len(shares) > MOST_IN_STRIP or not most:
        return counted(len(shares), "endpoint")
    width = max(2, min(6, 24 // len(shares)))
    return f"[{'|'.join(('#' * round(share / most * width)).ljust(width) for share in shares)}]"


def sparkline(values: Iterable[int], most: int) -> str:
    """A character for each value, from blank for 0 to the darkest for ``most``; no value but 0 is blank."""
    last = len(RAMP) - 1
    return "".join(RAMP[-(-value * last // most) if most else 0] for value in values)

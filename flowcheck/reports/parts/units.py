"""Numbers and times as people read them."""

from __future__ import annotations

import re

from flowcheck.counted import counted


def percent(part: int, whole: int) -> str:
    """A share that is 100 % or 0 % only where it is the whole or nothing."""
    if not whole:
        return "-"
    share = 100 * part / whole
    if 0 < part < whole:
        share = min(max(share, 0.01), 99.99)
    return f"{share:.2f}%"


def share_text(share: float) -> str:
    """A share from 0 to 1, in percent with one decimal."""
    return f"{100 * share:.1f}%"


def floored(percent: float) -> str:
    """Two decimals, rounded down: 100.00 is said of 100 only."""
    return f"{int(percent * 100 + 1e-9) / 100:.2f}"


def size(n_bytes: int) -> str:
    for power, unit in ((50, "PiB"), (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if n_bytes >= 1 << power:
            return f"{n_bytes / (1 << power):.1f} {unit}"
    return f"{n_bytes} B"


def moment(text: str) -> str:
    """An RFC 3339 time without its fraction of a second."""
    return re.sub(r"\.\d+", "", text).replace("+00:00", "Z")


def duration(seconds: int) -> str:
    for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length and seconds % length == 0:
            return counted(seconds // length, unit)
    return counted(seconds, "second")


def chance(p: float | None) -> str:
    """How well chance explains it; None: nothing was tested."""
    if p is None:
        return "not tested"
    if p < 1e-300:
        return "chance < 1e-300"
    return f"chance {p:.3f}" if p >= 0.001 else f"chance {p:.0e}"

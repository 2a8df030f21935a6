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


def span(first: str, last: str) -> str:
    """Two RFC 3339 times in UTC as people read them, the day once where it is one."""
    begin, end = (moment(text).replace("T", " ").removesuffix("Z") for text in (first, last))
    if begin == end:
        return begin
    day = f"{begin.partition(' ')[0]} "
    return f"{begin} \u2013 {end.removeprefix(day)}"


def compact(number: int) -> str:
    """At most four characters: 950, 1.2k, 34k, 5.6M."""
    for power, unit in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if number >= 10**power:
            tenths = number * 10 // 10**power
            return f"{tenths // 10}.{tenths % 10}{unit}" if tenths < 100 else f"{tenths // 10}{unit}"
    return str(number)


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

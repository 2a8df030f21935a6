"""How right an evaluation of a simulated day is: counts of ends and verdicts, held against the truth.

Ends are compared by name. A pod's name is its own, except that the pods of a StatefulSet inherit theirs,
so that one of them taken for its predecessor counts as right.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

ALLOWED, DENIED = 1, 2

ENDS = ("right exact", "right inferred", "wrong exact", "wrong inferred", "ambiguous", "unresolved")
"""What may become of an end that is a pod. Who takes a pod for something external is wrong, and exact."""
VERDICTS = ("right", "wrong", "unknown")
VIOLATIONS = ("found", "unknown", "missed", "false")
"""True violations: found, with an unknown verdict, or taken for none; and none taken for violations."""

Counts = dict[str, int]
Words = np.ndarray


class Score(NamedTuple):
    """Counts by the words above. ``settled_...`` are of the records that no change is near.

    ``services``: of the ends that are Service addresses, how many were named right and wrong.
    """

    ends: Counts
    settled_ends: Counts
    services: Counts
    verdicts: Counts
    settled_verdicts: Counts
    violations: Counts


def score(judged: pa.Table, truth: pa.Table) -> Score:
    """Compare what ``evaluate`` gave with the truth; both have the same rows in the same order."""
    settled = ~np.tile(truth["near"].to_numpy(zero_copy_only=False), 2)
    said, true = (_both_sides(table, ("src", "dst")) for table in (judged, truth))
    quality = _both_sides(judged, ("src_quality", "dst_quality"))
    is_service = np.char.find(true, "/Service/") >= 0
    outcome = _outcomes(quality, said == true)
    pods = ~is_service & ((quality != "external") | (outcome == "wrong exact"))
    verdict, true_verdict = _words(judged, "verdict"), _words(truth, "verdict")
    verdicts = np.where(verdict == true_verdict, "right", np.where(verdict == "unknown", "unknown", "wrong"))
    return Score(
        ends=_count(outcome[pods], ENDS),
        settled_ends=_count(outcome[pods & settled], ENDS),
        services=_count(np.where(said == true, "right", "wrong")[is_service], VERDICTS[:2]),
        verdicts=_count(verdicts, VERDICTS),
        settled_verdicts=_count(verdicts[settled[: len(verdicts)]], VERDICTS),
        violations=_violations(judged["action"].to_numpy(), verdict, true_verdict),
    )


def _both_sides(table: pa.Table, names: tuple[str, str]) -> Words:
    return np.concatenate([_words(table, name) for name in names])


def _words(table: pa.Table, name: str) -> Words:
    """A column of words; null is empty."""
    column = table[name].cast(pa.string()).fill_null("").combine_chunks()
    return column.to_numpy(zero_copy_only=False).astype(str)


def _outcomes(quality: Words, right: np.ndarray) -> Words:
    """One of ENDS for each end.

    Raises: ValueError for a quality that is none of the known.
    """
    sure = np.where(right, "right exact", "wrong exact")
    known = {
        "exact": sure,
        "external": sure,
        "inferred": np.where(right, "right inferred", "wrong inferred"),
        "ambiguous": "ambiguous",
        "unresolved": "unresolved",
    }
    strange = set(np.unique(quality).tolist()) - known.keys()
    if strange:
        raise ValueError(f"unknown quality of an end: {sorted(strange)}")
    return np.select([quality == word for word in known], list(known.values()), default="")


def _violations(action: np.ndarray, said: Words, true: Words) -> Counts:
    """The action is the same for both: only the verdict makes the difference."""
    claimed, real = (
        ((verdict == "deny") & (action == ALLOWED)) | ((verdict == "allow") & (action == DENIED))
        for verdict in (said, true)
    )
    unknown = said == "unknown"
    found: dict[str, Any] = {
        "found": real & claimed,
        "unknown": real & unknown,
        "missed": real & ~claimed & ~unknown,
        "false": claimed & ~real,
    }
    return {name: int(rows.sum()) for name, rows in found.items()}


def _count(words: Words, names: tuple[str, ...]) -> Counts:
    return {name: int((words == name).sum()) for name in names}

"""Who has an address while pods change: a pod is one owner in all its versions that selectors tell apart.

While it is open which version it was, it is either of them, an endpoint of its own: what all of them share is
the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from flowcheck.compile.axis import Axis
from flowcheck.compile.ownership import Segment, joined, segments, with_spans
from flowcheck.model.timeline import Lifetime

Claim = tuple[int, Lifetime]


def held(axis: Axis, claimed: Sequence[Claim], skew: int) -> list[Segment[int]]:
    """The segments of an address, as in :mod:`flowcheck.compile.ownership`, of pods and not of their
    versions."""
    versions: dict[int, list[Claim]] = defaultdict(list)
    for end, life in claimed:
        if end in axis.with_uid:
            versions[axis.endpoints[end].pod].append((end, life))
    changed = {pod: own for pod, own in versions.items() if len({end for end, _ in own}) > 1}
    if not changed:
        return segments(claimed, skew)
    either = {own[0][0]: _either(axis, own, skew) for own in changed.values()}
    first = {end: own[0][0] for own in changed.values() for end, _ in own}
    pods = joined(((first.get(end, end), life) for end, life in claimed), first.__contains__)
    found: list[Segment[int]] = []
    for segment, span in with_spans(segments(pods, skew)):
        if len(segment.owners) == 1 and segment.owners[0] in either:
            for part, (start, end) in with_spans(either[segment.owners[0]]):
                if start < span[1] and span[0] < end:
                    found.append(segment._replace(start=max(start, span[0]), owners=part.owners))
        else:
            found.append(segment)
    return found


def _either(axis: Axis, own: Sequence[Claim], skew: int) -> list[Segment[int]]:
    """Which versions a pod may have been in when, as one endpoint."""
    everyone = tuple(dict.fromkeys(end for end, _ in own))
    return [
        segment._replace(owners=(axis.either(segment.owners or everyone),)) for segment in segments(own, skew)
    ]

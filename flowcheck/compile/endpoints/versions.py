"""Who has an address while pods change: a pod is one owner in all its versions that selectors tell apart.

While it is open which version it was, it is either of them, an endpoint of its own: what all of them share is
the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from flowcheck import arrays as a
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.compile.endpoints.ownership import Segment, doubted, joined, segments, with_spans
from flowcheck.model.timeline import BEGINNING, END, Lifetime

Claim = tuple[int, Lifetime]


def held(axis: Axis, claimed: Sequence[Claim], skew: int) -> list[Segment[int]]:
    """The segments of an address, as in :mod:`flowcheck.compile.endpoints.ownership`, of pods and not of
    their versions."""
    if len(claimed) == 1 and not axis.sampled:
        (end, life), *_ = claimed
        is_pod = axis.endpoints[end].kind == a.KIND_POD
        return doubted(end, life, axis.nobody, skew) if is_pod else segments(claimed, skew)
    claimed = joined(claimed, axis.with_uid.__contains__, axis.otherwise)
    versions: dict[int, list[Claim]] = defaultdict(list)
    for end, life in claimed:
        if end in axis.with_uid:
            versions[axis.endpoints[end].pod].append((end, life))
    changed = {pod: own for pod, own in versions.items() if len({end for end, _ in own}) > 1}
    either = {own[0][0]: _either(axis, own, skew) for own in changed.values()}
    first = {end: own[0][0] for own in changed.values() for end, _ in own}
    here = {own[0][0]: {end for end, _ in own} for own in changed.values()}
    pods = joined(
        ((first.get(end, end), life) for end, life in claimed),
        first.__contains__,
        lambda end: axis.otherwise(*here[end]),
    )
    found: list[Segment[int]] = []
    for segment, span in with_spans(segments([*pods, *_strangers(axis, pods, skew)], skew)):
        if len(segment.owners) == 1 and segment.owners[0] in either:
            for part, (start, end) in with_spans(either[segment.owners[0]]):
                if start < span[1] and span[0] < end:
                    found.append(segment._replace(start=max(start, span[0]), owners=part.owners))
        else:
            found.append(segment._replace(owners=()) if segment.owners == (axis.nobody,) else segment)
    return found


def _strangers(axis: Axis, pods: Sequence[Claim], skew: int) -> Iterator[Claim]:
    """Whoever may have come and gone while it is open whether a pod was there; where pods are only sampled,
    also before, between and after those that are known."""
    last = BEGINNING
    lives = sorted(life for end, life in pods if axis.endpoints[end].kind == a.KIND_POD)
    for life in lives:
        yield from ((axis.nobody, stretch) for stretch in life.unwatched(skew))
        if axis.sampled and last < life.start:
            yield axis.nobody, Lifetime(last, life.start).unsure()
        last = max(last, life.end)
    if axis.sampled and lives and last < END:
        yield axis.nobody, Lifetime(last, END).unsure()


def _either(axis: Axis, own: Sequence[Claim], skew: int) -> list[Segment[int]]:
    """Which versions a pod may have been in when, as one endpoint."""
    everyone = tuple(dict.fromkeys(end for end, _ in own))
    return [
        segment._replace(owners=(axis.either(segment.owners or everyone),)) for segment in segments(own, skew)
    ]

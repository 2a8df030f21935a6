"""Pods over a time in which their namespaces' labels changed: one version for each of the labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from flowcheck.history.versions import Version
from flowcheck.model.cluster import Namespace, Pod
from flowcheck.model.labels import Labels
from flowcheck.model.timeline import BEGINNING, END, Lifetime


def split_by_namespace(
    pods: Iterable[Pod], namespaces: Mapping[str, Sequence[Version[Namespace]]]
) -> Iterator[Pod]:
    """Give pods their namespace's labels at their time, where those changed; of each pod the oldest first.

    Before the first and after the last that is known of a namespace, its labels are taken to be those.
    """
    changing = {name: _labels(versions) for name, versions in namespaces.items()}
    for (namespace, _), versions in groupby(pods, key=lambda pod: (pod.namespace, pod.name)):
        labels = changing.get(namespace, ())
        if len(labels) < 2:
            yield from versions
        else:
            parts = [part for pod in versions for part in _split(pod, labels)]
            yield from sorted(parts, key=lambda part: part.lifetime.start)


def _split(pod: Pod, labels: Iterable[tuple[Labels, Lifetime]]) -> Iterator[Pod]:
    if pod.template or pod.namespace_labels is not None:
        yield pod
        return
    for value, lifetime in labels:
        both = pod.lifetime.within(lifetime)
        if both.start < both.end:
            yield replace(pod, namespace_labels=value, lifetime=both)


def _labels(versions: Sequence[Version[Namespace]]) -> list[tuple[Labels, Lifetime]]:
    """Labels with the time they were so, without gaps at either end."""
    found: list[tuple[Labels, Lifetime]] = []
    for version in versions:
        labels, lifetime = version.value.labels, version.lifetime
        if found and found[-1][0] == labels:
            before = found.pop()[1]
            lifetime = replace(lifetime, start=before.start, sure_start=before.sure_start)
        found.append((labels, lifetime))
    if found:
        labels, first = found[0]
        found[0] = (labels, replace(first, start=BEGINNING, sure_start=BEGINNING))
        labels, last = found[-1]
        found[-1] = (labels, replace(last, end=END, sure_end=END))
    return found

"""What a workload's pods go by in records: each link of their chain of owners, with and without its kind, and
the beginning that a controller gives their names, written with a ``*``.

``web-6b687c8dcb-*`` are the pods that the ReplicaSet web-6b687c8dcb made, ``db-*`` those of a StatefulSet db:
a pod's generateName is the name of its own controller and a dash. Where a template stands for a workload
without pods, and the workload makes what makes pods, the part between is not known yet: ANY stands for it.

Source: kubernetes pkg/controller/controller_utils.go, podsPrefix; apimachinery util/rand SafeEncodeString, of
a number of 32 bits (the hash of a pod template); pkg/controller/cronjob, the minutes of a Job's time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowcheck.model.cluster import Pod, Workload

ANY = "?"
"""Stands for the part of a name that something makes anew with every roll-out or run."""
_MAKERS = ("Deployment", "Rollout", "CronJob")
_MADE = re.compile(r"-(?:[bcdfghjklmnpqrstvwxz2456789]{8,10}|[0-9]{8})-\*$")


def link_names(workload: Workload) -> tuple[str, str]:
    """What a workload may be called in its namespace: ``web``, ``deployment/web``."""
    return workload.name, f"{workload.kind.lower()}/{workload.name}"


def names_of(pod: Pod) -> tuple[str, ...]:
    """All that a pod's workload may be called in its namespace."""
    links = (pod.workload, *pod.owners)
    names = [name for link in links for name in link_names(link)]
    return tuple(dict.fromkeys((*names, *_prefixes(pod))))


def with_any(name: str) -> str:
    """``web-6b687c8dcb-*`` as ``web-?-*``, the name of whatever a Deployment web makes; else as it is."""
    return _MADE.sub(f"-{ANY}-*", name)


def _prefixes(pod: Pod) -> Iterator[str]:
    top = pod.workload
    if not pod.template:
        controllers = (pod.owners or (top,))[:1]
    elif top.kind in _MAKERS:
        yield f"{top.name}-{ANY}-*"
        controllers = pod.owners
    else:
        controllers = (top, *pod.owners)
    yield from (f"{one.name}-*" for one in controllers if one.kind != "Pod")

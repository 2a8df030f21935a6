"""Lets a planned cluster live: roll-outs, crashes, scaling, Jobs, changed labels and policies.

``live`` returns the events a watcher saw and every pod there was, with what is true of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from benchmarks.churn import objects, policies
from benchmarks.churn.api import Event
from benchmarks.churn.controllers import Controllers
from benchmarks.churn.nodes import Done
from benchmarks.churn.pods import ChurnPod
from benchmarks.churn.world import MINUTE, SECOND, START, ChurnWorkload, ChurnWorld


class Day(NamedTuple):
    """``pods`` in the order they were made; ``events`` in the order of their time."""

    world: ChurnWorld
    pods: list[ChurnPod]
    events: list[Event]


def live(world: ChurnWorld) -> Day:
    """One day of the cluster; the same world gives the same day."""
    controllers = Controllers(world)
    controllers.begin()
    Happenings(controllers).plan()
    controllers.agenda.run(world.size.end)
    return Day(world, controllers.pods, controllers.api.events)


def handovers(day: Day) -> list[int]:
    """How long each address was free between two owners, in microseconds."""
    owned: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for pod in day.pods:
        for one in pod.tenancies:
            owned[one.address].append((one.start, one.end, pod.uid))
    pairs = [pair for tenancies in owned.values() for pair in pairwise(sorted(tenancies))]
    return [after[0] - before[1] for before, after in pairs if before[2] != after[2]]


class Happenings:
    """What happens to workloads, and when."""

    def __init__(self, keeper: Controllers) -> None:
        self.keeper = keeper

    def roll(self, workload: ChurnWorkload) -> None:
        """Replace every pod by one of the next generation, a quarter of them at a time."""
        if workload.index in self.keeper.rolling:
            return
        self.keeper.rolling.add(workload.index)
        self.keeper.generation[workload.index] += 1
        old = list(self.keeper.running[workload.index])
        step = self._replace_ordinal if workload.kind == "StatefulSet" else self._surge
        width = 1 if workload.kind == "StatefulSet" else max(1, len(old) // 4)
        left = [width]

        def one() -> None:
            if old:
                step(old, one)
                return
            left[0] -= 1
            if not left[0]:
                self.keeper.rolling.discard(workload.index)

        for _ in range(width):
            self.keeper.agenda.after(self.keeper.nodes.seconds(0, 2), one)

    def _surge(self, old: list[ChurnPod], go_on: Done) -> None:
        """A new pod first; when it is ready an old one goes."""
        pod = old.pop()
        self.keeper.add(pod.workload, lambda: self._drop_when_serving(pod, lambda: None, go_on))

    def _replace_ordinal(self, old: list[ChurnPod], go_on: Done) -> None:
        """The highest ordinal goes, and comes back under its name."""
        pod = old.pop()
        ordinal = int(pod.name.rsplit("-", 1)[1])
        self._drop_when_serving(pod, lambda: self.keeper.add(pod.workload, go_on, ordinal), lambda: None)

    def _drop_when_serving(self, pod: ChurnPod, on_gone: Done, go_on: Done) -> None:
        """A pod that crashed a moment ago is waited for; one that ends otherwise needs nothing more."""
        if pod.stopping:
            go_on()
            return
        if not pod.is_serving:
            self.keeper.agenda.after(5 * SECOND, lambda: self._drop_when_serving(pod, on_gone, go_on))
            return
        self.keeper.drop(pod, on_gone)
        self.keeper.agenda.after(self.keeper.nodes.seconds(0.2, 2), go_on)

    def scale(self, workload: ChurnWorkload) -> None:
        """Half as many pods again; after a while the additional ones go."""
        if workload.index in self.keeper.rolling:
            return
        self.keeper.rolling.add(workload.index)
        more = max(1, workload.replicas // 2)
        before = set(self.keeper.running[workload.index])
        for _ in range(more):
            self.keeper.add(workload, lambda: None)

        def back() -> None:
            for pod in [one for one in self.keeper.running[workload.index] if one not in before]:
                self._drop_when_serving(pod, lambda: None, lambda: None)
            self.keeper.rolling.discard(workload.index)

        self.keeper.agenda.after(self.keeper.nodes.seconds(120, 1800), back)

    def evict(self, workload: ChurnWorkload) -> None:
        """A pod fails. A Deployment has another at once; a StatefulSet waits until the name is free."""
        pod = self.keeper.one_serving(workload)
        if pod is None:
            return
        if workload.kind == "Deployment":
            self.keeper.end(pod, "Failed", self.keeper.nodes.seconds(60, 3600), lambda: None)
            self.keeper.add(workload, lambda: None)
        else:
            ordinal = int(pod.name.rsplit("-", 1)[1])
            self.keeper.end(pod, "Failed", SECOND, lambda: self.keeper.add(workload, lambda: None, ordinal))

    def crash(self, workload: ChurnWorkload) -> None:
        pod = self.keeper.one_serving(workload)
        if pod is not None:
            self.keeper.nodes.restart(pod)

    def lose_network(self, workload: ChurnWorkload) -> None:
        pod = self.keeper.one_serving(workload)
        if pod is not None and len(pod.tenancies) == 1:
            self.keeper.nodes.renew_network(pod)

    def quarantine(self, workload: ChurnWorkload) -> None:
        """A pod is labelled in place, and for some the label is taken away again."""
        pod = self.keeper.one_serving(workload)
        if pod is None or len(pod.labelled) > 1:
            return
        before = pod.labels
        self.keeper.nodes.relabel(pod, before | {"quarantine": "true"})
        if self.keeper.rng.random() < 0.5:
            self.keeper.agenda.after(
                self.keeper.nodes.seconds(30, 900),
                lambda: pod.is_serving and self.keeper.nodes.relabel(pod, before),
            )

    def run_job(self, workload: ChurnWorkload, run: int) -> None:
        """Some pods that run for a while and succeed; their objects are kept for some minutes."""
        for _ in range(workload.replicas):
            pod = self.keeper.make(workload, 0, run)
            self.keeper.nodes.start(pod, self._succeed_later(pod))

    def _succeed_later(self, pod: ChurnPod) -> Done:
        duration, kept = self.keeper.nodes.seconds(5, 240), self.keeper.nodes.seconds(30, 1200)
        return lambda: self.keeper.agenda.after(
            duration, lambda: self.keeper.end(pod, "Succeeded", kept, lambda: None)
        )

    # -- when it happens -----------------------------------------------------------------------------

    def plan(self) -> None:
        """Put everything that will happen on the agenda."""
        apps = self.keeper.serving()
        deployments = [w for w in apps if w.kind == "Deployment"]
        self._often(self.roll, apps, len(apps) * 3 // 2)
        self._often(self.scale, deployments, len(deployments) // 2)
        for happening in (self.evict, self.crash, self.quarantine):
            self._often(happening, apps, len(apps) * 2)
        self._often(self.lose_network, apps, max(2, len(apps) // 4))
        for workload in self.keeper.world.workloads:
            if workload.kind == "Job":
                self._plan_job(workload)
        self._plan_changes()

    def _often(
        self, happening: Callable[[ChurnWorkload], None], workloads: list[ChurnWorkload], times: int
    ) -> None:
        """Let something happen to workloads drawn anew each time, at any time of the day."""
        day = self.keeper.world.size.end - START
        for _ in range(times):
            workload = workloads[int(self.keeper.rng.integers(0, len(workloads)))]
            when = START + int(self.keeper.rng.integers(MINUTE // 2, day))
            self.keeper.agenda.at(when, _bound(happening, workload))

    def _plan_job(self, workload: ChurnWorkload) -> None:
        every = (10 + workload.index % 4 * 7) * MINUTE
        for run, when in enumerate(range(START + workload.index * SECOND, self.keeper.world.size.end, every)):
            self.keeper.agenda.at(when + MINUTE // 3, _numbered(self.run_job, workload, run))

    def _plan_changes(self) -> None:
        world, changes = self.keeper.world, self.keeper.world.changes
        removed = world.workloads[changes.removed]
        relabelled = objects.namespace(world, changes.relabelled, relabelled=True)

        def second() -> None:
            self.keeper.api.delete(policies.ingress(world, removed))
            self.keeper.api.put(policies.added(world))

        self.keeper.agenda.at(changes.first, lambda: self.keeper.api.put(policies.edited(world)))
        self.keeper.agenda.at(changes.second, second)
        self.keeper.agenda.at(changes.relabelled_at, lambda: self.keeper.api.put(relabelled))


def _bound(happening: Callable[[ChurnWorkload], None], workload: ChurnWorkload) -> Done:
    return lambda: happening(workload)


def _numbered(happening: Callable[[ChurnWorkload, int], None], workload: ChurnWorkload, run: int) -> Done:
    return lambda: happening(workload, run)

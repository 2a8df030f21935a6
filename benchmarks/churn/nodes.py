"""The nodes of a changing cluster: they give pods addresses, start them, stop them, and tell the API.

An address is free again as soon as a pod's network is torn down, which is before the API shows it.
Even nodes give the lowest free address, odd ones the one that was freed last.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from benchmarks.churn import objects
from benchmarks.churn.api import Agenda, Api
from benchmarks.churn.pods import NEVER, ChurnPod, Shown, Tenancy, whole_second
from benchmarks.churn.world import SECOND, ChurnWorkload, pod_range

Done = Callable[[], None]
GRACE = 30 * SECOND


class Addresses:
    """The free addresses of one node."""

    def __init__(self, node: int) -> None:
        self.lowest_first = node % 2 == 0
        hosts = range(2, 255)
        self._free = list(hosts) if self.lowest_first else list(reversed(hosts))
        self._range = pod_range(node)

    def take(self) -> str:
        host = heapq.heappop(self._free) if self.lowest_first else self._free.pop()
        return f"{self._range}.{host}"

    def give_back(self, address: str) -> None:
        host = int(address.rsplit(".", 1)[1])
        if self.lowest_first:
            heapq.heappush(self._free, host)
        else:
            self._free.append(host)


class Nodes:
    """Runs pods. ``load`` (nodes,) int64 counts each node's pods; ``changed`` is told of every workload
    of which a pod looks different now."""

    def __init__(
        self, agenda: Agenda, api: Api, rng: np.random.Generator, n_nodes: int, changed: Callable[..., None]
    ) -> None:
        self.agenda, self.api, self.rng = agenda, api, rng
        self.changed: Callable[[ChurnWorkload], None] = changed
        self.addresses = [Addresses(node) for node in range(n_nodes)]
        self.load = np.zeros(n_nodes, dtype=np.int64)

    def pick(self) -> int:
        """A node for a new pod: mostly one of those with fewest pods."""
        if self.rng.random() < 0.2:
            return int(self.rng.integers(0, len(self.load)))
        return int(self.rng.choice(np.flatnonzero(self.load == self.load.min())))

    def seconds(self, least: float, most: float) -> int:
        """A duration between two numbers of seconds, in microseconds."""
        return int(self.rng.integers(int(least * SECOND), int(most * SECOND) + 1))

    def tell(self, pod: ChurnPod) -> None:
        self.api.put(objects.pod(pod))
        self.changed(pod.workload)

    # -- a pod's life --------------------------------------------------------------------------------

    def found_running(self, pod: ChurnPod) -> None:
        """A pod that was there before the day began, ready since."""
        began = pod.created + 2 * SECOND
        pod.tenancies.append(Tenancy(self.addresses[pod.node].take(), began, self.agenda.now))
        self.load[pod.node] += 1
        pod.started, pod.ready = began + SECOND, [[self.agenda.now, NEVER]]
        pod.shown = Shown("Running", pod.address, pod.created, began, pod.started, ready=True)
        self.tell(pod)

    def start(self, pod: ChurnPod, on_ready: Done) -> None:
        """Show the pod as pending, give it an address, run it, show it running, then ready."""
        self.load[pod.node] += 1
        self.tell(pod)
        self.agenda.after(self.seconds(0.3, 2.5), lambda: self._network(pod, on_ready))

    def _network(self, pod: ChurnPod, on_ready: Done) -> None:
        now = self.agenda.now
        pod.tenancies.append(Tenancy(self.addresses[pod.node].take(), now))
        running = now + self.seconds(0.1, 0.5)
        pod.started = min(pod.started, running)

        def show() -> None:
            shown = pod.shown
            if shown.started is None:
                shown.started = max(pod.created, whole_second(now - self.seconds(0.1, 0.3)))
            shown.phase, shown.address = "Running", pod.address
            shown.network_since, shown.running_since = now, running
            for before in pod.tenancies[:-1]:
                before.hidden = min(before.hidden, self.agenda.now)
            pod.tenancies[-1].shown = self.agenda.now
            self.tell(pod)
            self.agenda.after(self.seconds(1, 6), lambda: self._show_ready(pod, on_ready))

        self.agenda.at(running + self.seconds(0.05, 0.9), show)

    def _show_ready(self, pod: ChurnPod, on_ready: Done) -> None:
        pod.shown.ready = True
        pod.ready.append([self.agenda.now, NEVER])
        self.tell(pod)
        on_ready()

    def _unready(self, pod: ChurnPod) -> None:
        pod.ready[-1][1] = self.agenda.now

    def _end(self, pod: ChurnPod, finished: int) -> Tenancy:
        """The containers end at ``finished``, the network a moment later."""
        pod.finished = finished
        tenancy = pod.tenancies[-1]
        tenancy.end = finished + self.seconds(0, 0.3)
        self.agenda.at(tenancy.end, lambda: self._release(pod, tenancy.address))
        return tenancy

    def _release(self, pod: ChurnPod, address: str) -> None:
        self.addresses[pod.node].give_back(address)
        self.load[pod.node] -= 1

    def stop(self, pod: ChurnPod, on_gone: Done) -> None:
        """Delete a ready pod: it is shown terminating, its containers end, it is gone."""
        pod.stopping = True
        self._unready(pod)
        pod.shown.deletion = whole_second(self.agenda.now) + GRACE
        self.tell(pod)
        delay = GRACE if self.rng.random() < 0.1 else self.seconds(0.3, 6)
        tenancy = self._end(pod, self.agenda.now + delay)

        def gone() -> None:
            pod.shown.ready, pod.shown.finished = False, pod.finished
            tenancy.hidden = self.agenda.now
            self.api.delete(objects.pod(pod))
            self.changed(pod.workload)
            on_gone()

        self.agenda.at(tenancy.end + self.seconds(0.05, 0.9), gone)

    def finish(self, pod: ChurnPod, phase: str, kept: int, on_gone: Done) -> None:
        """The containers end by themselves, or are ended by the node; the object is kept for a while."""
        pod.stopping = True
        self._unready(pod)
        tenancy = self._end(pod, self.agenda.now)

        def show() -> None:
            pod.shown.phase, pod.shown.ready, pod.shown.finished = phase, False, pod.finished
            tenancy.hidden = self.agenda.now
            self.tell(pod)

        def gone() -> None:
            self.api.delete(objects.pod(pod))
            on_gone()

        shown = tenancy.end + self.seconds(0.05, 0.9)
        self.agenda.at(shown, show)
        self.agenda.at(shown + kept, gone)

    def restart(self, pod: ChurnPod) -> None:
        """The container of a ready pod crashes and runs again in the same network."""
        killed = self._crash(pod)

        def show() -> None:
            pod.shown.ran, pod.shown.running_since = killed, self.agenda.now
            self.tell(pod)
            self.agenda.after(self.seconds(1, 6), lambda: self._show_ready(pod, lambda: None))

        self.agenda.after(self.seconds(0.5, 3), show)

    def renew_network(self, pod: ChurnPod) -> None:
        """The network of a ready pod is lost; it runs again in a new one, mostly at another address."""
        pod.shown.ran = self._crash(pod)
        pod.tenancies[-1].end = self.agenda.now
        self.addresses[pod.node].give_back(pod.address)
        self.agenda.after(self.seconds(0.3, 2.5), lambda: self._network(pod, lambda: None))

    def _crash(self, pod: ChurnPod) -> tuple[int, int]:
        """Not ready from now on; returns since when the container ran, and now."""
        self._unready(pod)
        pod.shown.ready = False
        return pod.shown.running_since or pod.started, self.agenda.now

    def relabel(self, pod: ChurnPod, labels: dict[str, str]) -> None:
        """The labels are changed in place."""
        pod.labelled.append((self.agenda.now, labels))
        self.tell(pod)

"""What keeps the objects of a changing cluster: makes pods and ends them, lists them in their slices.

``day`` says when.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.churn import objects, policies
from benchmarks.churn.api import Agenda, Api
from benchmarks.churn.nodes import Done, Nodes
from benchmarks.churn.pods import ChurnPod
from benchmarks.churn.world import HOUR, SECOND, START, ChurnWorkload, ChurnWorld

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
BEFORE = 40 * HOUR
"""The oldest pod of the beginning was made so long before it."""


class Controllers:
    """What keeps the workloads as they should be. ``running``: the pods of a workload that count."""

    def __init__(self, world: ChurnWorld) -> None:
        self.world = world
        self.rng = np.random.Generator(np.random.PCG64([world.seed, 2]))
        self.agenda = Agenda(START)
        self.api = Api(self.agenda, [], set())
        self.nodes = Nodes(self.agenda, self.api, self.rng, world.size.n_nodes, self.sync_slice)
        self.pods: list[ChurnPod] = []
        self.running: dict[int, list[ChurnPod]] = defaultdict(list)
        self.listed: dict[int, list[ChurnPod]] = defaultdict(list)
        self.generation = {w.index: 1 + w.index % 2 for w in world.workloads}
        self.rolling: set[int] = set()
        self.syncing: set[int] = set()

    # -- the beginning -------------------------------------------------------------------------------

    def begin(self) -> None:
        """Everything that is there at midnight."""
        for name in self.world.namespaces:
            self.api.put(objects.namespace(self.world, name))
        for node in range(self.world.size.n_nodes):
            self.api.put(objects.node(node))
        for policy in policies.at_the_beginning(self.world):
            self.api.put(policy)
        for workload in self.serving():
            self.api.put(objects.service(workload))
            for ordinal in range(workload.replicas):
                pod = self.make(workload, ordinal)
                pod.created = START - int(self.rng.integers(HOUR // SECOND, BEFORE // SECOND)) * SECOND
                self.nodes.found_running(pod)
            self.api.put(objects.endpoint_slice(workload, self.listed[workload.index]))

    def serving(self) -> list[ChurnWorkload]:
        return [w for w in self.world.workloads if w.kind != "Job"]

    # -- pods ----------------------------------------------------------------------------------------

    def make(self, workload: ChurnWorkload, ordinal: int, run: int = 0) -> ChurnPod:
        """A new pod, not yet started. Names are used once, except those of StatefulSets."""
        number, generation = len(self.pods), self.generation[workload.index]
        labels = {"app": workload.name, "version": f"v{generation}"}
        if workload.shared:
            labels["shared"] = "true"
        owner = workload.name
        if workload.kind == "Deployment":
            labels["pod-template-hash"] = in_letters(workload.index * 7919 + generation * 104_729 + 10**6)
            owner = f"{workload.name}-{labels['pod-template-hash']}"
        elif workload.kind == "Job":
            owner = f"{workload.name}-{run}"
        name = f"{owner}-{ordinal if workload.kind == 'StatefulSet' else in_letters(10**6 + number * 37)}"
        now = self.agenda.now
        uid = f"{(number + 1) * 2_654_435_761 % (1 << 32):08x}-{number:05d}"
        pod = ChurnPod(uid, name, owner, workload, self.nodes.pick(), now, [(now, labels)])
        self.pods.append(pod)
        self.running[workload.index].append(pod)
        self.listed[workload.index].append(pod)
        return pod

    def add(self, workload: ChurnWorkload, on_ready: Done, ordinal: int = 0, run: int = 0) -> None:
        self.nodes.start(self.make(workload, ordinal, run), on_ready)

    def drop(self, pod: ChurnPod, on_gone: Done) -> None:
        """Delete a serving pod."""
        self.running[pod.workload.index].remove(pod)
        self.nodes.stop(pod, lambda: self._gone(pod, on_gone))

    def end(self, pod: ChurnPod, phase: str, kept: int, on_gone: Done) -> None:
        """A pod succeeds or fails, and its object is kept for a while."""
        self.running[pod.workload.index].remove(pod)
        self.nodes.finish(pod, phase, kept, lambda: self._gone(pod, on_gone))

    def _gone(self, pod: ChurnPod, on_gone: Done) -> None:
        self.listed[pod.workload.index].remove(pod)
        on_gone()

    def one_serving(self, workload: ChurnWorkload) -> ChurnPod | None:
        """Any serving pod of a workload that is not just being rolled out."""
        serving = [pod for pod in self.running[workload.index] if pod.is_serving]
        if not serving or workload.index in self.rolling:
            return None
        return serving[int(self.rng.integers(0, len(serving)))]

    # -- Services ------------------------------------------------------------------------------------

    def sync_slice(self, workload: ChurnWorkload) -> None:
        """Write the workload's slice anew in a moment, once for all that happens until then."""
        if workload.kind == "Job" or workload.index in self.syncing or self.agenda.now == START:
            return
        self.syncing.add(workload.index)

        def sync() -> None:
            self.syncing.discard(workload.index)
            self.api.put(objects.endpoint_slice(workload, self.listed[workload.index]))

        self.agenda.after(self.nodes.seconds(0.1, 0.6), sync)


def in_letters(number: int) -> str:
    """A number in the letters of Kubernetes' random names."""
    text = ""
    while number:
        number, letter = divmod(number, len(LETTERS))
        text = LETTERS[letter] + text
    return text

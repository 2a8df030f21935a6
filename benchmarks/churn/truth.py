"""What is true of a flow in a changing cluster: its verdict, and whether a change is near its recorded time.

Verdicts are the reference evaluator's, over a cluster that stands still: of all pods that policies cannot
tell apart it holds one, and there is one such cluster for each stretch between changes of policies and
namespaces. Nothing here resolves an address: the simulator knows the pods.
"""

from __future__ import annotations

import json
import tempfile
from bisect import bisect_right
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.churn import objects
from benchmarks.churn.api import Event
from benchmarks.churn.day import Day
from benchmarks.churn.pods import ChurnPod, Labels, whole_second
from benchmarks.churn.world import SKEW, START
from flowcheck.reading import load_cluster
from flowcheck.reference import Reference, Tuple5

Document = dict[str, Any]
Alike = tuple[int, tuple[tuple[str, str], ...]]
"""A workload's index and the labels that policies look at."""

NOT_SELECTED = {"pod-template-hash"}
TIMELESS_KINDS = ("Namespace", "NetworkPolicy")


class Stretch(NamedTuple):
    """From the (whole) second in which something changed to the instant at which the API showed it."""

    start: int
    end: int


class Verdicts:
    """True verdicts, each asked once of the reference evaluator."""

    def __init__(self, day: Day) -> None:
        self.representatives: dict[Alike, Document] = {}
        for pod in day.pods:
            for _, labels in pod.labelled:
                self._represent(pod, labels)
        self.changed_at, self.references = self._references(day.events)
        self.known: dict[tuple[int, str, str, int, int], str] = {}

    def of(self, src: ChurnPod | str, dst: ChurnPod | str, protocol: int, port: int, at: int) -> str:
        """The verdict of a flow that truly began at ``at``; an end is a pod or an external address."""
        epoch = bisect_right(self.changed_at, at) - 1
        ends = [end if isinstance(end, str) else self._address(end, at) for end in (src, dst)]
        key = (epoch, ends[0], ends[1], protocol, port)
        if key not in self.known:
            flow = Tuple5(ends[0], ends[1], protocol, port)
            self.known[key] = str(self.references[epoch].judge(flow).verdict)
        return self.known[key]

    def _address(self, pod: ChurnPod, at: int) -> str:
        document = self.representatives[_alike(pod, pod.labelled[pod.version(at)][1])]
        return str(document["status"]["podIP"])

    def _represent(self, pod: ChurnPod, labels: Labels) -> None:
        alike = _alike(pod, labels)
        if alike in self.representatives:
            return
        number = len(self.representatives)
        document = objects.pod(pod)
        metadata = {"name": f"like-{number}", "namespace": pod.workload.namespace, "labels": dict(alike[1])}
        status = {"phase": "Running", "podIP": f"10.128.{number // 250}.{number % 250 + 1}"}
        spec = {"containers": document["spec"]["containers"]}
        self.representatives[alike] = document | {"metadata": metadata, "spec": spec, "status": status}

    def _references(self, events: list[Event]) -> tuple[list[int], list[Reference]]:
        """The instants at which a policy or namespace changed, and an evaluator from each of them on."""
        present: dict[Any, str] = {}
        by_time: dict[int, list[Event]] = defaultdict(list)
        for event in events:
            if event.key.kind in TIMELESS_KINDS:
                by_time[event.time].append(event)
        references = []
        for _, together in sorted(by_time.items()):
            for event in together:
                if event.type == "DELETED":
                    present.pop(event.key)
                else:
                    present[event.key] = event.text
            references.append(self._reference(list(present.values())))
        return sorted(by_time), references

    def _reference(self, texts: list[str]) -> Reference:
        items = [json.loads(text) for text in texts] + list(self.representatives.values())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "still.json"
            path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
            return Reference(load_cluster([path]).at(START))


def _alike(pod: ChurnPod, labels: Labels) -> Alike:
    kept = tuple(sorted((key, value) for key, value in labels.items() if key not in NOT_SELECTED))
    return pod.workload.index, kept


class Nearness:
    """When something changed that a verdict may depend on: by address, and for all."""

    def __init__(self, day: Day) -> None:
        self.of_address: dict[str, list[Stretch]] = defaultdict(list)
        self.of_all = [
            Stretch(event.time, event.time)
            for event in day.events
            if event.key.kind in TIMELESS_KINDS and event.time > START
        ]
        for pod in day.pods:
            self._note(pod)

    def _note(self, pod: ChurnPod) -> None:
        for one in pod.tenancies:
            stretches = self.of_address[one.address]
            if one.shown > START:
                stretches.append(Stretch(whole_second(one.start), one.shown))
            stretches.append(Stretch(whole_second(min(one.end, pod.finished)), one.hidden))
            stretches += [
                Stretch(since, since)
                for since, _ in pod.labelled[1:]
                if one.start - SKEW <= since <= one.end + SKEW
            ]

    def near(self, addresses: list[str], recorded: int) -> bool:
        """Whether a change of one of the addresses, or of a policy or namespace, is within SKEW."""
        stretches = [*self.of_all, *(s for address in addresses for s in self.of_address.get(address, ()))]
        return any(s.start - SKEW <= recorded <= s.end + SKEW for s in stretches)

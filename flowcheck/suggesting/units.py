"""Workloads as policies can mean them: by labels that select their pods and, where it may be, no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.explaining.selection import VOLATILE
from flowcheck.manifests.validation import label_key_fault, label_value_fault
from flowcheck.model.called import names_of
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.labels import EVERYTHING, Operator, Requirement, Selector

UNSTABLE = VOLATILE | {"helm.sh/chart", "app.kubernetes.io/version", "chart"}
"""Labels that another release, roll-out or run changes."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One workload, or those of which pods have the same labels. ``selector`` None: nothing that stays
    selects its pods. ``others``: the workloads of which it selects pods, too. ``pods``: all of them, in every
    version."""

    name: str
    namespace: str
    pods: tuple[Pod, ...] = field(repr=False, compare=False)
    selector: Selector | None = None
    others: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()

    @property
    def as_peer(self) -> Selector:
        """By what rules of others name it: all pods of its namespace, where nothing selects them."""
        return EVERYTHING if self.selector is None else self.selector

    @property
    def n_pods(self) -> int:
        return len({(pod.name, pod.uid) for pod in self.pods})


class Units:
    """All workloads of a program's cluster. ``sees``: whether a language's selectors see a label."""

    def __init__(self, program: Program, cluster: Cluster, sees: Callable[[str], bool]) -> None:
        self._program = program
        self._in: dict[str, list[Pod]] = defaultdict(list)
        self._called: dict[str, list[Pod]] = defaultdict(list)
        by_name: dict[str, list[Pod]] = defaultdict(list)
        called: dict[tuple[str, str], set[tuple[str, bool]]] = defaultdict(set)
        for pod in cluster.pods:
            if pod.finished:
                continue
            for name in names_of(pod):
                called[pod.namespace, name].add((str(pod.workload), pod.host_network))
            if not pod.host_network:
                self._in[pod.namespace].append(pod)
                by_name[str(pod.workload)].append(pod)
                self._called[f"{pod.namespace}/Pod/{pod.name}"].append(pod)
        found = [
            self._unit(name, pods, cluster.selectors.get(name), sees)
            for name, pods in sorted(by_name.items())
        ]
        self.all = {unit.name: unit for unit in _joined(found)}
        self._of = {name: unit for unit in self.all.values() for name in unit.workloads}
        self._by_label: dict[tuple[str, Requirement | None], list[Unit]] = defaultdict(list)
        for unit in self.all.values():
            first = next((one for one in unit.as_peer.requirements if _is_plain(one)), None)
            self._by_label[unit.namespace, first].append(unit)
        self._selecting: dict[int, tuple[Unit, ...]] = {}
        self._vague = {name for those in called.values() if len(those) > 1 for name, _ in those}

    def _unit(
        self, name: str, pods: Sequence[Pod], owner: Selector | None, sees: Callable[[str], bool]
    ) -> Unit:
        namespace = pods[0].namespace
        choices = list(_choices(pods, owner, sees))
        selected = [self._others(namespace, name, choice) for choice in choices]
        for choice, others in zip(choices, selected, strict=True):
            if not others:
                return Unit(name, namespace, tuple(pods), choice, workloads=(name,))
        if choices:
            return Unit(name, namespace, tuple(pods), choices[0], selected[0], (name,))
        return Unit(name, namespace, tuple(pods), workloads=(name,))

    def _others(self, namespace: str, name: str, selector: Selector) -> tuple[str, ...]:
        found = {str(pod.workload) for pod in self._in[namespace] if selector.matches(pod.labels)}
        return tuple(sorted(found - {name}))

    def of(self, endpoint: int) -> Unit | None:
        """The workload of a pod's endpoint."""
        group = self._program.tables.endpoints[endpoint, a.GROUP]
        return self._of.get(self._program.groups[group])

    def is_vague(self, endpoint: int) -> bool:
        """Whether an endpoint stands for a name that may be another workload's, too, or a node's: of pods on
        the node's network."""
        name = self._program.endpoint_names[endpoint]
        return name in self._vague and self._program.tables.endpoints[endpoint, a.KIND] == a.KIND_POD

    def selecting(self, endpoint: int) -> tuple[Unit, ...]:
        """All units whose selector takes a pod's endpoint, whichever pod and version that may be."""
        if endpoint not in self._selecting:
            pods = self._called.get(self._program.endpoint_names[endpoint], ())
            own = self.of(endpoint)
            self._selecting[endpoint] = self._taking(pods or (own.pods if own else ()))
        return self._selecting[endpoint]

    def _taking(self, pods: Sequence[Pod]) -> tuple[Unit, ...]:
        if not pods:
            return ()
        first = pods[0]
        keys = [Requirement(key, Operator.IN, frozenset((value,))) for key, value in first.labels.items()]
        found = (unit for key in (None, *keys) for unit in self._by_label.get((first.namespace, key), ()))
        return tuple(unit for unit in found if all(unit.as_peer.matches(pod.labels) for pod in pods))


def _joined(units: Iterable[Unit]) -> Iterator[Unit]:
    """Those that one selector is for as one: two policies could not tell them apart."""
    alike: dict[object, list[Unit]] = {}
    for unit in units:
        alike.setdefault((unit.namespace, unit.selector or unit.name), []).append(unit)
    for first, *more in alike.values():
        own = {first.name, *(unit.name for unit in more)}
        yield Unit(
            f"{first.name} (+{len(more)})" if more else first.name,
            first.namespace,
            tuple(pod for unit in (first, *more) for pod in unit.pods),
            first.selector,
            tuple(name for name in first.others if name not in own),
            tuple(sorted(own)),
        )


def _is_plain(requirement: Requirement) -> bool:
    return requirement.operator is Operator.IN and len(requirement.values) == 1


def _choices(pods: Sequence[Pod], owner: Selector | None, sees: Callable[[str], bool]) -> Iterable[Selector]:
    """By what the pods of a workload may be selected, the best first: what it selects them by itself, then
    all that their labels have in common."""
    if owner is not None:
        stays = all(one.key not in UNSTABLE and sees(one.key) for one in owner.requirements)
        texts = [(one.key, *one.values) for one in owner.requirements]
        stays &= not any(label_key_fault(key) or any(map(label_value_fault, own)) for key, *own in texts)
        if stays and all(owner.matches(pod.labels) for pod in pods):
            yield owner
    first, *rest = (pod.labels for pod in pods)
    common = {
        key: value
        for key, value in first.items()
        if key not in UNSTABLE
        and sees(key)
        and not (label_key_fault(key) or label_value_fault(value))
        and all(labels.get(key) == value for labels in rest)
    }
    if common:
        yield Selector.from_labels(common)

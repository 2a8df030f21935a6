"""One pod of a changing cluster: what is true of it, and what the API server shows of it at the moment.

The truth is known to the microsecond and at once. The API shows it a moment later, in whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.churn.world import SECOND, ChurnWorkload

NEVER = 1 << 62
Labels = dict[str, str]


@dataclass
class Tenancy:
    """A pod has ``address`` in ``[start, end)``; the API shows it in ``[shown, hidden)``."""

    address: str
    start: int
    shown: int = NEVER
    end: int = NEVER
    hidden: int = NEVER


@dataclass
class Shown:
    """What the API shows, in its own instants; None: nothing yet. ``address`` stays after a pod finished."""

    phase: str = "Pending"
    address: str = ""
    started: int | None = None
    network_since: int | None = None
    running_since: int | None = None
    ran: tuple[int, int] | None = None
    finished: int | None = None
    deletion: int | None = None
    ready: bool = False


@dataclass(eq=False)
class ChurnPod:
    """Containers run in ``[started, finished)``. ``labelled``: labels, each from an instant on.

    ``ready`` are the stretches in which it serves, as the API shows them. ``owner``: its ReplicaSet,
    StatefulSet or Job.
    """

    uid: str
    name: str
    owner: str
    workload: ChurnWorkload
    node: int
    created: int
    labelled: list[tuple[int, Labels]]
    started: int = NEVER
    finished: int = NEVER
    tenancies: list[Tenancy] = field(default_factory=list)
    ready: list[list[int]] = field(default_factory=list)
    shown: Shown = field(default_factory=Shown)
    stopping: bool = False

    @property
    def labels(self) -> Labels:
        return self.labelled[-1][1]

    @property
    def address(self) -> str:
        return self.tenancies[-1].address

    @property
    def full_name(self) -> str:
        return f"{self.workload.namespace}/Pod/{self.name}"

    @property
    def is_serving(self) -> bool:
        return self.shown.ready and not self.stopping

    def runs(self, at: int) -> bool:
        return self.started <= at < self.finished and bool(self.address_at(at))

    def address_at(self, at: int) -> str:
        """The address it has at an instant; empty where it has none."""
        return next((one.address for one in self.tenancies if one.start <= at < one.end), "")

    def version(self, at: int) -> int:
        """The number of the labels it has at an instant."""
        return max(0, sum(since <= at for since, _ in self.labelled) - 1)


def whole_second(at: int) -> int:
    """Kubernetes writes times in whole seconds, cut off."""
    return at // SECOND * SECOND

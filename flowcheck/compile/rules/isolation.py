"""Who is isolated by whom: the default deny of a tier, and the policies it is blamed on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, UInt64
from flowcheck.compile.program import Decision
from flowcheck.compile.rules.bitset import SetPool
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, Tier


class Isolation:
    """Numbers each distinct set of isolating policies as one decision, from ``first_decision`` on.

    A pod is isolated in a direction as soon as one policy of that direction selects it, whether or not the
    policy has rules. Such a policy is for pods of its own namespace, so nobody is isolated only
    perhaps. Source: networking.k8s.io/v1 NetworkPolicySpec, policyTypes.
    """

    def __init__(self, policies: Sequence[Policy], index: SelectorIndex, first_decision: int) -> None:
        self._policies = policies
        self._isolating = {d: [n for n, p in enumerate(policies) if d in p.isolates] for d in Direction}
        self._subjects: dict[Direction, UInt64] = {
            d: np.array(
                [index.select_pods(policies[n].subject).surely for n in isolating], dtype=np.uint64
            ).reshape(len(isolating), len(index.pods))
            for d, isolating in self._isolating.items()
        }
        self._first = first_decision
        self._numbers: dict[tuple[int, ...], int] = {}
        self._known: dict[tuple[int, Direction], tuple[int, ...]] = {}

    @property
    def n_policies(self) -> int:
        return len(self._policies)

    def sets(self, direction: Direction, pool: SetPool) -> Int32:
        """The numbers of the isolating policies' subjects in the pool."""
        return np.array([pool.add(words) for words in self._subjects[direction]], dtype=np.int32)

    def isolating(self, endpoint: int, direction: Direction) -> tuple[int, ...]:
        """The policies that isolate an endpoint whenever they are in force."""
        if (endpoint, direction) not in self._known:
            word, bit = endpoint >> 6, np.uint64(endpoint & 63)
            found = np.flatnonzero(self._subjects[direction][:, word] >> bit & np.uint64(1))
            self._known[endpoint, direction] = tuple(self._isolating[direction][p] for p in found)
        return self._known[endpoint, direction]

    def decide(self, endpoint: int, direction: Direction, in_force: np.ndarray) -> int:
        """The decision "default deny by these policies" for an endpoint, or -1 where it is not isolated.

        in_force (policies,) bool.
        """
        by = tuple(p for p in self.isolating(endpoint, direction) if in_force[p])
        return self._numbers.setdefault(by, self._first + len(self._numbers)) if by else -1

    def decisions(self) -> list[Decision]:
        """In the order of their numbers."""
        return [_default_deny([self._policies[p] for p in by]) for by in self._numbers]


def _default_deny(by: Sequence[Policy]) -> Decision:
    return Decision(
        a.DENY,
        text="default-deny by " + ", ".join(sorted(str(p) for p in by)),
        policies=tuple(f"default-deny by {p}" for p in sorted(map(str, by))),
        sources=tuple(p.source for p in sorted(by, key=str)),
    )


def stage_defaults(options: Options) -> Callable[[int], tuple[Int32, Int32]]:
    """For the decision of the isolating policies (-1: none), each stage's default for protocols with and
    without ports (-1: not isolated)."""
    open_question = a.UNKNOWN_DECISION + a.REASON_NO_PORT

    def defaults(decision: int) -> tuple[Int32, Int32]:
        with_ports = np.full(len(Tier), -1, dtype=np.int32)
        with_ports[Tier.NETWORK_POLICY] = decision
        without = with_ports.copy()
        if options.icmp == "unknown":
            without[without >= 0] = open_question
        return with_ports, without

    return defaults

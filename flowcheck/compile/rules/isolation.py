"""Who is isolated by whom, and what a tier's default is for those."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, UInt64
from flowcheck.compile.rules.bitset import SetPool
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, Tier


class Isolation:
    """Which policies isolate an endpoint in one direction.

    A pod is isolated as soon as one policy of that direction selects it, whether or not the
    policy has rules. Such a policy is for pods of its own namespace, so nobody is isolated only
    perhaps. Source: networking.k8s.io/v1 NetworkPolicySpec, policyTypes.
    """

    def __init__(self, direction: Direction, policies: Sequence[Policy], index: SelectorIndex) -> None:
        self._isolating = [n for n, p in enumerate(policies) if direction in p.isolates]
        subjects = [index.select_pods(policies[n].subject).surely for n in self._isolating]
        self._subjects: UInt64 = np.array(subjects, dtype=np.uint64).reshape(-1, len(index.pods))
        self._known: dict[int, tuple[int, ...]] = {}

    def sets(self, pool: SetPool) -> Int32:
        """The numbers of the isolating policies' subjects in the pool."""
        return np.array([pool.add(words) for words in self._subjects], dtype=np.int32)

    def by(self, endpoint: int) -> tuple[int, ...]:
        """The policies that isolate an endpoint whenever they are in force."""
        if endpoint not in self._known:
            word, bit = endpoint >> 6, np.uint64(endpoint & 63)
            found = np.flatnonzero(self._subjects[:, word] >> bit & np.uint64(1))
            self._known[endpoint] = tuple(self._isolating[p] for p in found)
        return self._known[endpoint]


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

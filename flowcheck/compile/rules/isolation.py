"""Who is isolated by whom, and what a tier's default is for those."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32
from flowcheck.compile.rules.bitset import SetPool
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, Tier


class Isolation:
    """Which policies isolate in one direction (``policies``, by number), and whom.

    A pod is isolated as soon as one policy of that direction selects it, whether or not the
    policy has rules. Such a policy is for pods of its own namespace, so nobody is isolated only
    perhaps. Source: networking.k8s.io/v1 NetworkPolicySpec, policyTypes.
    """

    def __init__(self, direction: Direction, policies: Sequence[Policy], index: SelectorIndex) -> None:
        isolating = [(n, p.subject) for n, p in enumerate(policies) if direction in p.isolates]
        self.policies: Int32 = np.array([n for n, _ in isolating], dtype=np.int32)
        self._subjects = [index.select_pods(subject).surely for _, subject in isolating]

    def sets(self, pool: SetPool) -> Int32:
        """The numbers of the isolating policies' subjects in the pool."""
        return np.array([pool.add(words) for words in self._subjects], dtype=np.int32)


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

"""Who is isolated by whom, and what a tier's default is for those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, UInt64
from flowcheck.compile.rules.answered import OpenQuestion
from flowcheck.compile.rules.bitset import SetPool
from flowcheck.compile.rules.decisions import Decisions
from flowcheck.compile.rules.peers import PeerIndex, subjects_of
from flowcheck.errors import CompileError
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy
from flowcheck.model.tiers import Tier, tiers_of

OPEN_QUESTION = a.UNKNOWN_DECISION + a.REASON_NO_PORT
"""The decision where a default leaves open what holds for protocols without ports."""


class Stages:
    """The tiers of some policies, numbered in order, and after the last a stage for defaults that are asked
    last."""

    def __init__(self, policies: Sequence[Policy], options: Options, decisions: Decisions) -> None:
        tiers = tiers_of(policies)
        if len(tiers) > np.iinfo(np.uint8).max:
            raise CompileError(f"the policies are in {len(tiers)} tiers; flowcheck can hold 255")
        self._policies, self._decisions = policies, decisions
        self._number: dict[Tier, int] = {tier: number for number, tier in enumerate(tiers)}
        self._decides_icmp = options.icmp != "unknown"

    def of(self, policy: Policy) -> int:
        """The stage in which its rules are asked."""
        return self._number[policy.tier]

    def of_default(self, policy: Policy) -> int:
        """The stage at whose end its default is asked."""
        return len(self._number) if policy.tier.asked_last else self._number[policy.tier]

    def without_ports(self, by: Iterable[Policy], decision: int) -> int:
        """The default of policies for protocols without ports, given that for those that have some."""
        is_open = not self._decides_icmp and all(policy.tier.icmp_open for policy in by)
        return OPEN_QUESTION if is_open else decision

    def defaults(self, isolated_by: Iterable[int]) -> tuple[Int32, Int32]:
        """For the policies that isolate somebody, by number, each stage's default for protocols with and
        without ports (-1: not isolated)."""
        with_ports = np.full(len(self._number) + 1, -1, dtype=np.int32)
        without = with_ports.copy()
        by_stage: dict[int, list[int]] = {}
        for number in dict.fromkeys(isolated_by):
            by_stage.setdefault(self.of_default(self._policies[number]), []).append(number)
        for stage, by in by_stage.items():
            with_ports[stage] = self._decisions.default_deny(tuple(by))
            without[stage] = self.without_ports((self._policies[n] for n in by), int(with_ports[stage]))
        return with_ports, without


class Perhaps(NamedTuple):
    """Whom a policy isolates if the question's answer is yes; ``decision``, for protocols with ports and
    without, that of the default alone, at the end of ``stage``."""

    policy: int
    stage: int
    words: UInt64
    question: OpenQuestion
    decision: int
    without_ports: int


class Isolation:
    """Which policies isolate in one direction (``policies``, by number, one for each set of subjects), and
    whom.

    A pod is isolated as soon as one policy of that direction selects it, whether or not the
    policy has rules. Source: networking.k8s.io/v1 NetworkPolicySpec, policyTypes.
    """

    def __init__(
        self, direction: Direction, policies: Sequence[Policy], peers: PeerIndex, stages: Stages
    ) -> None:
        self._policies, self._stages = policies, stages
        numbers: list[int] = []
        self._subjects: list[UInt64] = []
        self._perhaps: list[tuple[int, UInt64, OpenQuestion]] = []
        for number, policy in enumerate(policies):
            for whom in policy.isolates_whom(direction) if policy.tier.denies else ():
                for words, question in subjects_of(policy, whom, peers):
                    if question[0]:
                        self._perhaps.append((number, words, question))
                    else:
                        numbers.append(number)
                        self._subjects.append(words)
        self.policies: Int32 = np.array(numbers, dtype=np.int32)

    def sets(self, pool: SetPool) -> Int32:
        """The numbers of the isolating policies' subjects in the pool."""
        return np.array([pool.add(words) for words in self._subjects], dtype=np.int32)

    def perhaps(self, decisions: Decisions) -> Iterator[Perhaps]:
        """What is a row of its own: whom policies isolate only perhaps."""
        for number, words, question in self._perhaps:
            policy = self._policies[number]
            decision = decisions.default_deny((number,))
            portless = self._stages.without_ports((policy,), decision)
            stage = self._stages.of_default(policy)
            yield Perhaps(number, stage, words, question, decision, portless)

"""What a fuzz target is, and running one for so many seconds from a seed."""

from __future__ import annotations

import gc
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from tests.limits import TooSlow, forget_most_memory, memory_held, most_memory_held, within

ROUND = 100
"""Examples between two looks at the clock."""
MOST_SECONDS = 5
"""For one example."""
MOST_MEMORY = 512 << 20
"""Bytes that a target may hold beyond what there was before it."""
SETTINGS = settings(
    max_examples=ROUND,
    database=None,
    deadline=None,
    derandomize=False,
    print_blob=False,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[*HealthCheck],
)
"""Nothing is kept: what is found becomes a case of a test, in words of its own."""


class Target(NamedTuple):
    """``check`` takes an example and returns a word for what became of it; it lets through no error but those
    that are documented, which have words too."""

    name: str
    examples: SearchStrategy[Any]
    check: Callable[[Any], str]


class Outcome(NamedTuple):
    """``words``: how often each of them came out. ``memory``: bytes beyond what was held before, at most.
    ``failure``: a traceback with the smallest example that was found; empty: none."""

    target: str
    examples: int
    seconds: float
    slowest: float
    memory: int
    words: Counter[str]
    failure: str

    def row(self) -> str:
        """Of the table in docs/reliability.md."""
        words = ", ".join(f"{n:,} {word}" for word, n in sorted(self.words.items()))
        came = f"FAILED after {words}" if self.failure else words
        slowest, memory = f"{1000 * self.slowest:.0f}", self.memory >> 20
        return f"| {self.target} | {self.examples:,} | {self.seconds:.0f} | {slowest} | {memory} | {came} |"


class Watch:
    """Counts examples as they pass, and times them."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.words: Counter[str] = Counter()
        self.slowest = 0.0

    def __call__(self, example: Any) -> None:
        began = time.perf_counter()
        with within(MOST_SECONDS):
            word = self._target.check(example)
        self.slowest = max(self.slowest, time.perf_counter() - began)
        self.words[word] += 1


def tested(target: Target, watch: Watch, seed: str) -> Callable[[], None]:
    """A round of examples, always the same from one seed."""

    @hypothesis.seed(seed)
    @SETTINGS
    @given(target.examples)
    def test(example: Any) -> None:
        watch(example)

    return test


def run(target: Target, seconds: float, seed: int) -> Outcome:
    """Rounds of examples until the time is over, or one of them fails."""
    watch, failure = Watch(target), ""
    held, began = memory_held(), time.monotonic()
    forget_most_memory()
    for number in _until(began + seconds):
        try:
            tested(target, watch, f"{target.name} {seed} {number}")()
            gc.collect()  # a load puts its garbage where it is looked for last
            assert most_memory_held() - held < MOST_MEMORY, "it holds too much memory"
        except (Exception, TooSlow):
            failure = f"{target.name}, seed {seed}, round {number}\n{traceback.format_exc()}"
            break
    n, memory = watch.words.total(), max(0, most_memory_held() - held)
    return Outcome(target.name, n, time.monotonic() - began, watch.slowest, memory, watch.words, failure)


def _until(end: float) -> Iterator[int]:
    number = 0
    while number == 0 or time.monotonic() < end:
        yield number
        number += 1

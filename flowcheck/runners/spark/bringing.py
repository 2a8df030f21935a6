"""Violations on their way from where they were found to where the result is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flowcheck.errors import RunError
from flowcheck.runners.messages import Judge
from flowcheck.runners.spark.sent import Outcome, Told
from flowcheck.runners.workspace import Workspace

MOST_BROUGHT = 64 << 20
"""Bytes of violations that the driver takes at once."""


def violations_of(failed: frozenset[int], outcomes: Iterable[Outcome]) -> Iterator[tuple[str, bytes]]:
    """What a partition has of files that have not failed, by the names of its parts."""
    for outcome in outcomes:
        if outcome.violations and isinstance(outcome.order, Judge) and outcome.order.file not in failed:
            yield outcome.order.part, outcome.violations


def batches(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """As many partitions at once as the driver should take violations of."""
    batch: list[int] = []
    for at in sorted(sizes):
        if batch and sum(sizes[one] for one in batch) + sizes[at] > MOST_BROUGHT:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def check_violations(workspace: Workspace, task: Told) -> None:
    """They may not have come where an executor was lost, and another found the file to have changed since.

    **Raises**: RunError."""
    path, size = workspace.violations(task.order.part), task.part.violations_bytes
    if size and not (path.exists() and path.stat().st_size == size):
        raise RunError(
            "an executor was lost, and what it had read has changed since",
            where=task.order.name,
            hint="audit files that are no longer written to, once more",
        )

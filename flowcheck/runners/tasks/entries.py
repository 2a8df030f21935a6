"""What became of a file once its tasks are done, as the ledger has it, and what it is compared by with
others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowcheck.flows.logs.converted import Reason
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.results.census import HOUR
from flowcheck.results.records.compared import Traits
from flowcheck.results.records.ledger import FileEntry, LeftOut, Rejected
from flowcheck.results.summary import LedgerMismatchError
from flowcheck.runners.messages import Part
from flowcheck.runners.plan import FileState


def judged_entry(state: FileState, parts: list[Part]) -> FileEntry:
    """The ledger's entry of a file whose parts are all there."""
    positions: dict[str, tuple[int, tuple[int, ...]]] = {}
    for part in parts:
        for one in part.rejected:
            rows, first = positions.get(one.reason, (0, ()))
            positions[one.reason] = (rows + one.rows, (first + one.first_rows)[:10])
    rejected = tuple(
        Rejected(reason=reason, rows=rows, first_rows=first)
        for reason, (rows, first) in sorted(positions.items())
    )
    log = state.converted.conversion if state.converted else None
    if log is not None:
        rejected = _with_records(rejected, log.rejected)
    return FileEntry(
        file=state.input.name,
        status="judged",
        bytes=state.input.identity.size,
        format=log.format if log else "canonical",
        format_because=log.why if log else "",
        rows_declared=log.records if log else state.rows,
        rows_merged=log.merged if log else 0,
        rows_left_out=sum(one.records for one in log.left_out) if log else 0,
        left_out=tuple(LeftOut(reason=one.reason, rows=one.records) for one in log.left_out) if log else (),
        rows_judged=sum(part.judged for part in parts),
        rows_unknown=sum(part.unknown for part in parts),
        rows_rejected=sum(one.rows for one in rejected),
        rows_filtered=sum(part.filtered for part in parts) + state.pruned[1],
        row_groups_pruned=state.pruned[0],
        rows_pruned=state.pruned[1],
        rejected=rejected,
        stored=state.stored,
        sha256=state.sha256,
        warnings=(*state.warnings, *_warnings(parts)),
    )


def judged_traits(state: FileState, parts: list[Part], spans: Sequence[tuple[int, int]]) -> Traits:
    """What the file is compared by with others, likewise. ``spans``: when the rows of each part began, as
    :func:`span_of` says."""
    hours = sorted({hour for part in parts for hour in part.census.hours})
    first, last = (
        min((one for one, _ in spans), default=END),
        max((one for _, one in spans), default=BEGINNING),
    )
    if first > last or not hours:
        return Traits(state.columns)
    return Traits(state.columns, first, last, hours[len(hours) // 2] * HOUR)


def _with_records(rejected: tuple[Rejected, ...], records: tuple[Reason, ...]) -> tuple[Rejected, ...]:
    """Rows that were rejected as they were judged, and records as they were read."""
    found = {one.reason: one for one in rejected}
    for one in records:
        known = found.get(one.reason) or Rejected(reason=one.reason, rows=0, first_rows=())
        first = tuple(sorted((*known.first_rows, *one.first)))[:10]
        found[one.reason] = Rejected(reason=one.reason, rows=known.rows + one.records, first_rows=first)
    return tuple(found[reason] for reason in sorted(found))


def _warnings(parts: list[Part]) -> Iterator[str]:
    sampled = sum(part.census.sampled for part in parts)
    if sampled:
        yield f"sampled traffic, rows: {sampled}; their counts are those of the samples"


def other_entry(state: FileState) -> FileEntry:
    """The ledger's entry of a file that failed or was skipped.

    **Raises**: LedgerMismatchError for a file that is neither: it would pass for one left out on purpose.
    """
    if state.failure is None and not state.input.skipped:
        raise LedgerMismatchError("a file is neither judged, failed nor skipped")
    reason, detail, sha256 = state.failure or ("skipped", state.input.skipped, None)
    return FileEntry(
        file=state.input.name,
        status="failed" if state.failure else "skipped",
        bytes=state.input.identity.size,
        reason=reason,
        detail=detail,
        rows_declared=state.rows,
        sha256=sha256,
    )

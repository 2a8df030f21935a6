"""What one pass says of rows by two programs, held against what either says alone."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.balance.count.tally import Tally
from flowcheck.compile import Program, compile_program
from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.judging.batch import judge_flows, make_resolver, read_flows
from flowcheck.judging.paired import PairedFlows, Under
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.verdict import Observed
from flowcheck.reference import Tuple5
from flowcheck.results.diff.gathering import Changes, gather_changes
from flowcheck.results.diff.twice import Twice, judged_twice, same_groups, transitions
from flowcheck.results.finding.changes import DEFAULT_DENY
from flowcheck.results.finding.examples import FILE, ROW
from flowcheck.results.records.diff import Decided
from flowcheck.results.records.findings import Example
from flowcheck.results.reported import by_edge, fold_reports
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import Judge, Setup
from flowcheck.runners.program.given import Given, give
from flowcheck.runners.tasks.paired import Compared, PairedRunner
from flowcheck.runners.tasks.part_file import read_part, read_sums
from tests.agreement.keyed import PIECES, at_other_times
from tests.tools.conformance import Answer, judge_by_reference, to_table

Side = tuple[Cluster, Options]
Key = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]
"""The kind of a change, both verdicts, and what decided before and after."""
OBSERVED = tuple(map(str, Observed))
THROUGH, STOPPED = {"allowed", "audit"}, {"denied", "dropped"}


def assert_one_pass_says_the_same(before: Program, after: Program, flows: Sequence[Tuple5]) -> None:
    """Every row, at its own time and at those of others, in small batches: by who its ends are, and what
    decides, to either program."""
    programs = before, after
    given = [give(program, None) for program in programs]
    keyed = PairedFlows(*(Under(one.program, one.moments) for one in given))
    resolvers, first_row = [make_resolver(program) for program in programs], 0
    table = pa.concat_tables(at_other_times(to_table(flows))).combine_chunks()
    for batch in table.to_batches(max_chunksize=PIECES):
        plain = readable(batch)
        both = [read_flows(*each, plain) for each in zip(programs, resolvers, strict=True)]
        numbers, _, _ = keyed.add(both[0], both[1], first_row)
        kept = both[0].flows.judge != 0
        assert ((numbers >= 0) == kept).all()
        for program, read, of_keys in zip(programs, both, keyed.judged, strict=True):
            alone = judge_flows(program, read.flows, read.several, read.told)
            for of_row, of_key in zip(alone, of_keys, strict=True):
                assert (of_row[kept] == of_key[numbers[kept]]).all()
        ends = keyed.ends_from(0)
        assert (ends.src[numbers[kept]] == both[1].flows.src[kept]).all()
        assert (ends.dst[numbers[kept]] == both[1].flows.dst[kept]).all()
        first_row += batch.num_rows


def compared(before: Side, after: Side, logs: Sequence[Sequence[Tuple5]]) -> tuple[Twice, Changes]:
    """What a comparison comes to, its tasks done here: one for each log, whose files have columns of their
    own."""
    programs = [compile_program(*side) for side in (before, after)]
    given: list[Given] = [give(program, None) for program in programs]
    merged = Merged(Tally())
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(True, folder, None, None, (), False)
        runner = PairedRunner(Compared(given[0], given[1], same_groups(*programs)), setup)
        for number, flows in enumerate(logs):
            path = Path(folder, f"{number}.parquet")
            action = pa.array([OBSERVED.index(word) for word in observed(flows)], pa.int8())
            pq.write_table(to_table(flows).append_column("action", action), path)
            with FlowFile(str(path)) as file:
                order = Judge(number, 0, b"", str(number), file.identity, (), 0, len(flows))
                name = runner.run(order, file, lambda _rows: None)
            written = Path(folder, f"{name}.part")
            with written.open("rb") as left:
                part = read_part(left)
                merged.take(part, read_sums(left, part), (number, str(number), 0))
    entries = fold_reports(by_edge(merged.edges.take()))
    found = judged_twice(programs[0], programs[1], entries, merged.pairs.rows())
    return found, gather_changes(found, merged.examples, _rows, 10**6)


def observed(flows: Sequence[Tuple5]) -> list[str]:
    """What is observed of rows: all there is, in turn."""
    return [OBSERVED[row % 5] for row in range(len(flows))]


def _rows(chosen: np.ndarray) -> list[Example]:
    """Where each example is, which is all that is asked of it here."""
    nobody: dict[str, Any] = dict.fromkeys(("src", "dst", "src_ip", "dst_ip"), "")
    return [Example(file=str(file), row=row, **nobody) for file, row in chosen[:, [FILE, ROW]].tolist()]


def assert_changes_are_those_of_the_reference(
    before: Side, after: Side, logs: Sequence[Sequence[Tuple5]]
) -> None:
    """By both verdicts, and by what decides: how many rows, and that each example is one of them."""
    found, changes = compared(before, after, logs)
    rows = {
        (str(number), row): each
        for number, flows in enumerate(logs)
        for row, each in enumerate(
            zip(
                judge_by_reference(before[0], flows, before[1]),
                judge_by_reference(after[0], flows, after[1]),
                observed(flows),
                strict=True,
            )
        )
    }
    verdicts = Counter((was.verdict, now.verdict) for was, now, _ in rows.values())
    assert {(one.before, one.after): one.records for one in transitions(found)} == verdicts
    expected = Counter(key for each in rows.values() if (key := key_of(*each))[0])
    said: Counter[Key] = Counter()
    for change in changes.listed:
        deciders = _deciders(change.before), _deciders(change.after)
        key = change.kind, change.before.verdict, change.after.verdict, *deciders
        assert key_of(*rows[change.example.file, change.example.row]) == key
        said[key] += change.records
    assert said == expected
    assert changes.more == 0


def key_of(was: Answer, now: Answer, observed: str) -> Key:
    """What tells changes apart, ends and ports aside."""
    return kind_of(was, now, observed), was.verdict, now.verdict, decided(was), decided(now)


def decided(answer: Answer) -> tuple[str, ...]:
    """What decides, as a change has it: the sides that deny, or that allow; why it is unknown."""
    if answer.verdict in ("unknown", "not_applicable"):
        return (answer.reason,) if answer.reason else ()
    sides = (
        (answer.egress, answer.egress_policy),
        (answer.ingress, answer.ingress_policy),
        (answer.mesh, answer.mesh_policy),
    )
    texts = [text for verdict, text in sides if verdict == answer.verdict and text]
    return tuple(dict.fromkeys(one for text in texts for one in _one_by_one(text)))


def _one_by_one(text: str) -> list[str]:
    """Default denies as a change lists them."""
    names = text.removeprefix(DEFAULT_DENY)
    return [text] if names == text else [f"{DEFAULT_DENY}{name}" for name in names.split(", ")]


def _deciders(side: Decided) -> tuple[str, ...]:
    """The same of a change."""
    if side.reason:
        return (side.reason,)
    return side.policies


def kind_of(one: Answer, other: Answer, observed: str) -> str:
    """The kind of a change, said once more: by the sentences of docs/diff.md."""
    was, now = ("allow" if side.verdict == "not_applicable" else side.verdict for side in (one, other))
    if was == now:
        return "" if one.verdict == other.verdict else "reach"
    if now == "unknown":
        return "to_unknown"
    if was == "unknown":
        if now == "deny" and observed in THROUGH:
            return "would_be_stopped"
        return "would_go_through" if now == "allow" and observed == "denied" else "from_unknown"
    if now == "deny":
        return "denied_now" if observed in STOPPED else "would_be_stopped"
    return "allowed_now" if observed in {*THROUGH, "dropped"} else "would_go_through"

"""Logs of Hubble -> rows. Most lines are like an earlier one but for times, ports and ends, and are
read by that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa

from flowcheck.flows.formats.hubble.kinds import kind_of, rank_of
from flowcheck.flows.formats.hubble.marks import is_marked, taken_out
from flowcheck.flows.formats.hubble.pieces import mark_of, read_piece
from flowcheck.flows.formats.hubble.records import Flow, Line, line_of, lost_in
from flowcheck.flows.formats.hubble.rows import row_of
from flowcheck.flows.formats.hubble.sheets import header_of, is_table, rows_of
from flowcheck.flows.formats.hubble.sockets import Translations, is_step
from flowcheck.flows.formats.hubble.table import line_of_row
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike.blocks import Block, blocks
from flowcheck.flows.logs.alike.ends import Ends
from flowcheck.flows.logs.alike.gathered import Gathered
from flowcheck.flows.logs.alike.marks import BASE, Told, told_of
from flowcheck.flows.logs.alike.prototypes import MOST, Prototypes
from flowcheck.flows.logs.alike.repeats import Repeats
from flowcheck.flows.logs.alike.reports import NONE, Reports, Settler
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.items import in_lists, objects_of
from flowcheck.flows.logs.text.source import Lines, Source
from flowcheck.flows.logs.text.wrapped import Unwrapper

_encode = msgspec.json.Encoder().encode
_MARKS = frozenset({"verdict", "event_type", "l4", "IP", "traffic_direction", "Type"})
_COLUMNS = {"TimeGenerated", "Layer4", "IP"}


def recognise(head: Head) -> str:
    for document in head.objects:
        flow = document.get("flow")
        if isinstance(flow, dict) and ("node_name" in document or len(_MARKS & flow.keys()) >= 2):
            return "its lines have a flow"
        if any(isinstance(document.get(name), dict) for name in ("lost_events", "agent_event")):
            continue
        if "verdict" in document and len(_MARKS & document.keys()) >= 3:
            return "its lines are flows with a verdict"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, a block of lines at a time."""
    reader = Reader(account)
    if in_lists(source.head()):
        batches = map(reader.listed, objects_of(source, account))
    else:
        batches = map(reader.batch, blocks(source))
    yield from (batch for batch in batches if batch.num_rows)
    reader.end()


def recognise_table(head: Head) -> str:
    """ContainerNetworkLogs or RetinaNetworkFlowLogs, as JSON or as CSV."""
    names = [document.keys() for document in head.objects]
    if is_table(head.data):
        names.append(dict.fromkeys(header_of(head.data)).keys())
    return "it has the columns of a table" if any(names_ >= _COLUMNS for names_ in names) else ""


def read_table(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of the table, some thousands at a time."""
    reader = Reader(account, line_of_row)
    rows = rows_of(source, account) if is_table(source.head()) else objects_of(source, account)
    yield from (batch for batch in map(reader.listed, rows) if batch.num_rows)
    reader.end()


class Reader:
    """Use for the blocks of one log, and then :meth:`end`."""

    def __init__(self, account: Account, decode: Callable[[bytes], Line | None] = line_of) -> None:
        self._account, self._decode = account, decode
        self._unwrapper, self._ends = Unwrapper(), Ends()
        self._translations, self._prototypes = Translations(self._ends), Prototypes()
        self._repeats = Repeats(partial(read_piece, self._ends), mark_of)
        self._settler = Settler(self._prototypes, self._ends)
        self._known: dict[bytes, Told] = {}
        self._lost = self._last = 0

    def batch(self, block: Block) -> pa.RecordBatch:
        self._forget_if_many()
        cut = self._repeats.cut(block)
        for line in self._repeats.worth_learning(block, cut):
            learned = self._learn(self._repeats.marked(block, cut, line))
            if learned is not None:
                self._repeats.learn(block, cut, line, learned)
        known, times, told = self._repeats.values(block, cut)
        self._account.read(int(np.count_nonzero(known)))
        gathered = Gathered(self._account)
        for place in np.flatnonzero(~known).tolist():
            lines = Lines(block.first + place, [block.text(place)])
            for number, text in self._unwrapper.unwrap(lines):
                self._account.read()
                self._read(number, text, gathered)
        self._last = block.first + len(known) - 1
        reports = Reports(np.arange(len(known)) + block.first, times, told).only(np.flatnonzero(known))
        return self._settled(gathered.merged(reports))

    def listed(self, records: list[tuple[int, bytes]]) -> pa.RecordBatch:
        """The rows of records that do not stand one a line, and are read by the account."""
        self._forget_if_many()
        gathered = Gathered(self._account)
        for number, text in records:
            self._read(number, text, gathered)
        return self._settled(gathered.merged(NONE))

    def _forget_if_many(self) -> None:
        are_many = self._prototypes.are_many or self._repeats.are_many or self._ends.are_many
        if are_many or len(self._known) > MOST:
            self._prototypes.forget()
            self._repeats.forget()
            self._known.clear()
            self._settler.forget_ends()
            self._translations.renumber()

    def _settled(self, reports: Reports) -> pa.RecordBatch:
        return self._settler.batch(self._translations.told(reports, self._prototypes), self._account)

    def end(self) -> None:
        for _ in range(self._unwrapper.rest()):
            self._account.read()
            self._account.reject("cut_off", self._last)
        if self._lost:
            self._account.warn(
                "events lost before they could be recorded (lost_events), so that what the log does not show "
                f"may have happened all the same: {self._lost:,}"
            )

    def _read(self, number: int, text: bytes, gathered: Gathered) -> None:
        """Tell of a line what it is: a row, another's, or none."""
        line = self._decode(text)
        if line is None:
            self._account.reject("bad_record", number)
        elif line.flow is None:
            self._lost += lost_in(line)
            self._account.leave_out(line.other() or "no_flow")
        elif is_step(line.flow):
            self._translations.learn(line.flow)
            self._account.merge()
        else:
            time, values = taken_out(line, line.flow, self._ends)
            key = _encode(line)
            told = self._known.get(key)
            if told is None:
                told = self._known[key] = self._prototype(line, line.flow)
            found = [
                constant if place < 0 else values[place]
                for place, constant in zip(told.places, told.constants, strict=True)
            ]
            gathered.add(number, time, found)

    def _learn(self, marked: bytes) -> Told | None:
        """What is told of all lines like one with marks; None where it must be read by itself."""
        line = self._decode(marked)
        if line is None or line.flow is None or is_step(line.flow) or not is_marked(line, line.flow):
            return None
        return self._prototype(line, line.flow)

    def _prototype(self, line: Line, flow: Flow) -> Told:
        """Of a line with marks, as :meth:`_learn`."""
        row, rank = row_of(line, flow), rank_of(kind_of(flow))
        time, places, constants = told_of(row, self._ends)
        return Told(time, places, (self._prototypes.number(row, rank), *constants[BASE + 1 :]))

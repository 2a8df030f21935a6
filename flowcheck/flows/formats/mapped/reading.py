"""Blocks of a log, and a mapping -> canonical batches: what every format of this folder is read with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.mapped.columns import values
from flowcheck.flows.formats.mapped.columns.cells import as_text, cleaned, nulls_of
from flowcheck.flows.formats.mapped.columns.table import Table
from flowcheck.flows.formats.mapped.columns.times import instants, later, of_numbers
from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.formats.mapped.rules.mapping import KINDS, RECEIVED, Mapping, Rule
from flowcheck.flows.formats.mapped.settled import settled
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.text.source import Source

_NO_FLOW, _IMPLAUSIBLE = "no_flow", "implausible_time"
_TIMES = ("start_time", "end_time", RECEIVED)
ONE_WAY = (KINDS["event"], KINDS["window"])


class Beside(NamedTuple):
    """Code for what is too odd for a mapping. ``before``: changes a block before it is read; ``after``:
    changes what was read."""

    before: Callable[[Block], Block] | None = None
    after: Callable[[Table], None] | None = None


def read_blocks(
    source: Source,
    blocks: Iterable[Block],
    mapping: Mapping,
    asked: Asked,
    account: Account,
    beside: Beside | None = None,
) -> Iterator[pa.RecordBatch]:
    """The blocks are those of the source, and every record of them is read by the account already.

    **Raises**: FlowFormatError where nothing says a time's unit or zone.
    """
    try:
        yield from _batches(blocks, mapping, asked, account, beside or Beside())
    except FlowFormatError as error:
        error.where = error.where or source.path
        raise


def _batches(
    blocks: Iterable[Block], mapping: Mapping, asked: Asked, account: Account, beside: Beside
) -> Iterator[pa.RecordBatch]:
    connections = Connections()
    for block in blocks:
        block = _flows(block, mapping, account)
        if not len(block.positions):
            continue
        table = Table(beside.before(block) if beside.before is not None else block)
        _fill(table, mapping, asked, account)
        if beside.after is not None:
            beside.after(table)
        batch = table.batch(account)
        if _is_one_way(mapping):
            batch = settled(batch, connections, counts="flow_count" not in mapping.columns)
        yield batch


def _flows(block: Block, mapping: Mapping, account: Account) -> Block:
    """Without the records that are no flows."""
    for name, words in mapping.where:
        column = as_text(block.column(name))
        kept = pc.is_in(column, value_set=pa.array([w for w in words if w is not None], pa.string()))
        mask = kept.to_numpy(zero_copy_only=False) | (nulls_of(column) if None in words else False)
        if not mask.all():
            account.leave_out(_NO_FLOW, int((~mask).sum()))
            block = block.kept(mask)
    return block


def _fill(table: Table, mapping: Mapping, asked: Asked, account: Account) -> None:
    received = None
    for rule in mapping.rules:
        found, wrong = _read(table, rule, asked, account)
        if rule.column == RECEIVED:
            received = found
            continue
        if (known := table.columns.get(rule.column)) is not None:
            wrong &= nulls_of(known)
            found = pc.coalesce(known, found)
        table.columns[rule.column] = found
        table.reject(wrong, f"bad_{rule.column}")
    table.put("record_kind", np.full(table.n, KINDS[mapping.records]))
    if "sampling_rate" in table.columns:
        rate = table.numbers("sampling_rate", 0)
        table.put("sampling_rate", rate, rate == 0)  # 0 says nothing
    if mapping.records == "connection" and "flow_count" not in table.columns:
        table.put("flow_count", np.ones(table.n, np.int64))
    if "flow_count" in table.columns:
        table.columns.setdefault("flow_count_here", table.columns["flow_count"])
    if received is not None and asked.most_late is not None:
        table.reject(_late(table.column("start_time"), received, asked.most_late), _IMPLAUSIBLE)


def _late(start: pa.Array, received: pa.Array, most: int) -> npt.NDArray[np.bool_]:
    apart = pc.abs(pc.subtract(received, start))
    found: npt.NDArray[np.bool_] = (
        pc.greater(apart, most * 1_000_000).fill_null(False).to_numpy(zero_copy_only=False)
    )
    return found


def _read(table: Table, rule: Rule, asked: Asked, account: Account) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """The column that a rule makes, of its first source that has a value, and what is wrong."""
    none = np.zeros(table.n, dtype=np.bool_)
    if not rule.sources:
        constant = pa.array(
            [rule.constant] * table.n, pa.int64() if type(rule.constant) is int else pa.string()
        )
        return values.read(constant, rule)
    result, wrong = None, none
    for source in rule.sources:
        column = cleaned(table.block.column(source), rule)
        if rule.after:
            found = later(table.column(rule.after), of_numbers(_as_numbers(column), rule.unit, rule))
            bad = none
        elif rule.column in _TIMES:
            found = instants(column, rule, asked, account)
            bad = nulls_of(found) & ~nulls_of(column)
        else:
            found, bad = values.read(column, rule)
        if result is None:
            result, wrong = found, bad
        else:
            wrong = wrong | (bad & nulls_of(result))
            result = pc.coalesce(result, found)
    assert result is not None
    return result, wrong


def _as_numbers(column: pa.Array) -> pa.Array:
    if not pt.is_string(column.type):
        is_number = pt.is_integer(column.type) or pt.is_floating(column.type) or pt.is_decimal(column.type)
        return column if is_number else pa.nulls(len(column), pa.int64())
    numbers = pc.match_substring_regex(column, r"^-?[0-9]{1,15}(\.[0-9]*)?$")
    return pc.if_else(numbers, column, pa.scalar(None, pa.string())).cast(pa.float64())


def _is_one_way(mapping: Mapping) -> bool:
    """Whether a connection may have several records, which must be found to be of one another."""
    return KINDS[mapping.records] in ONE_WAY and "src_port" in mapping.columns

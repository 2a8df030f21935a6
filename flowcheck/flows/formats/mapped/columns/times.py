"""Times of a log, in any of the forms that they are written in -> microseconds since 1970 UTC."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.times import microseconds
from flowcheck.flows.formats.mapped.columns.cells import looked_up, nulls_of
from flowcheck.flows.formats.mapped.rules.mapping import Rule
from flowcheck.flows.formats.mapped.rules.written import is_zone
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.values.times import PER_UNIT, in_microseconds, microseconds_of

_ZONED = r"(?:[Zz]|[+-][0-9]{2}:?(?:[0-9]{2})?)$"
_NUMBER = r"^\s*[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\s*$"
_DATED = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}"
_UTC, _LOCAL = pa.timestamp("ns", tz="UTC"), pa.timestamp("ns")


def instants(column: pa.Array, rule: Rule, asked: Asked, account: Account) -> pa.Array:
    """int64, null where there is no time, or none that can be.

    **Raises**: FlowFormatError where numbers come without a unit, or local times without a zone.
    """
    if pt.is_timestamp(column.type):
        return _of_timestamps(column, rule, asked, account)
    if pt.is_string(column.type):
        return _of_texts(column, rule, asked, account)
    if pt.is_integer(column.type) or pt.is_floating(column.type) or pt.is_decimal(column.type):
        return _dated(of_numbers(column, rule.unit or asked.time_unit, rule))
    return pa.nulls(len(column), pa.int64())


def of_numbers(column: pa.Array, unit: str, rule: Rule) -> pa.Array:
    """**Raises**: FlowFormatError where there is no unit, and a number."""
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.int64())
    if not unit:
        raise FlowFormatError(
            f"{rule.column} is a number, and nothing says of what unit",
            hint=f"say --time-unit s, ms, us or ns, or unit: in the rule for {rule.column}",
        )
    missing = nulls_of(column)
    if pt.is_integer(column.type):
        most = (1 << 63) // max(PER_UNIT[unit], 1) - 1
        floats = column.cast(pa.float64(), safe=False).fill_null(0).to_numpy(zero_copy_only=False)
        wild = np.abs(floats) >= most
        numbers = column.cast(pa.int64(), safe=False).fill_null(0).to_numpy(zero_copy_only=False)
        found = in_microseconds(np.where(wild, 0, numbers), unit)
    else:
        seconds = column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
        exact = seconds / 1000 if unit == "ns" else seconds * PER_UNIT[unit]
        wild = ~(np.abs(exact) < 2.0**62)
        found = np.rint(np.where(wild, 0, exact)).astype(np.int64)
    return pa.array(found, mask=missing | wild)


def _of_timestamps(column: pa.Array, rule: Rule, asked: Asked, account: Account) -> pa.Array:
    zone = rule.zone or _asked_zone(asked)
    if column.type.tz is None and zone:
        column = _zoned(column, zone, account)
    elif column.type.tz is None:
        account.warn(f"{rule.column} has no time zone; read as UTC")
    values, bad = microseconds(column)
    missing = nulls_of(column)
    return pa.array(values, mask=missing if bad is None else missing | bad)


def _of_texts(column: pa.Array, rule: Rule, asked: Asked, account: Account) -> pa.Array:
    """Numbers and dates may stand in one column: some loggers change over from one to the other. What lacks
    a unit or a zone is wrong where others beside it do not, else the whole log lacks it."""
    numeric, unit = pc.match_substring_regex(column, _NUMBER), rule.unit or asked.time_unit
    found = pa.nulls(len(column), pa.int64())
    if pc.any(numeric).as_py() and (unit or pc.all(numeric).as_py()):
        found = _dated(of_numbers(_numbers(pc.if_else(numeric, column, None)), unit, rule))
    dates = pc.if_else(pc.fill_null(numeric, False), None, column)
    zoned = pc.match_substring_regex(pc.utf8_slice_codeunits(dates, 10), _ZONED)
    found = pc.coalesce(found, _parsed(pc.if_else(zoned, dates, None), _UTC))
    local = pc.if_else(pc.fill_null(zoned, True), None, dates)
    if local.null_count < len(local):
        zone = rule.zone or _asked_zone(asked)
        if not zone and found.null_count < len(found):
            return found
        if not zone and pc.any(pc.match_substring_regex(local, _DATED)).as_py():
            raise FlowFormatError(
                f"{rule.column} is a local time, and nothing says of what time zone",
                hint="say --time-zone, an IANA name such as Europe/Berlin, or UTC",
            )
        times = _parsed(local, _LOCAL).cast(pa.timestamp("us"))
        found = pc.coalesce(found, _dated(_zoned(times, zone, account).cast(pa.int64())))
    return found


def _numbers(texts: pa.Array) -> pa.Array:
    try:
        return texts.cast(pa.int64())
    except pa.ArrowException:
        return looked_up(texts, float, pa.float64())


def _parsed(texts: pa.Array, type_: pa.DataType) -> pa.Array:
    """Dates as microseconds, of local ones as if they were UTC; null for what is none."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), pa.int64())
    try:
        times = texts.cast(type_)
    except pa.ArrowException:
        numbers, _ = microseconds_of(texts.to_pylist())
        times = pa.array(numbers, pa.int64()).cast(pa.timestamp("us", tz=type_.tz))
    values, bad = microseconds(times)
    missing = nulls_of(texts) | nulls_of(times)
    return pa.array(values, mask=missing if bad is None else missing | bad)


def _zoned(times: pa.Array, zone: str, account: Account) -> pa.Array:
    """Local times as instants. Of an hour that the clock had twice, the first."""
    if not zone:
        return times
    try:
        return pc.assume_timezone(times, zone)
    except pa.ArrowException:
        account.warn(
            f"some times are of an hour that clocks in {zone} skip or have twice: taken as its first"
        )
        return pc.assume_timezone(times, zone, ambiguous="earliest", nonexistent="earliest")


def _asked_zone(asked: Asked) -> str:
    if asked.time_zone and not is_zone(asked.time_zone):
        raise FlowFormatError(
            f"{asked.time_zone[:60]!r} is no time zone", hint="say an IANA name such as Europe/Berlin, or UTC"
        )
    return asked.time_zone


def later(start: pa.Array, durations: pa.Array) -> pa.Array:
    """Instants and what is added to them, null where that leads out of the calendar."""
    near = pc.less(pc.abs(durations), 1 << 60)
    return _dated(pc.add(start, pc.if_else(near, durations, pa.scalar(None, pa.int64()))))


def _dated(numbers: pa.Array) -> pa.Array:
    """Without those that no date can be written of."""
    values, bad = microseconds(numbers.cast(pa.timestamp("us")))
    return numbers if bad is None else pa.array(values, mask=nulls_of(numbers) | bad)

"""A column of a log, and the rule for it -> a canonical column, and which of its values cannot be used."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.canonical.numbers import LIMITS
from flowcheck.flows.canonical.schema import COLUMNS
from flowcheck.flows.canonical.types import FLOW_FIELDS
from flowcheck.flows.formats.mapped.columns.cells import Wrong, looked_up, nulls_of
from flowcheck.flows.formats.mapped.rules.mapping import Rule
from flowcheck.flows.logs.values.addresses import canonical_address
from flowcheck.flows.logs.values.protocols import protocol_number
from flowcheck.flows.logs.values.tcp import CWR, ECE, FLAGS

TYPES = {field.name: field.type for field in FLOW_FIELDS}
_WRITTEN = ("service_ip", "nat_src_ip")
"""Columns of text that hold addresses."""
_FLAGS = {name[0]: bit for name, bit in FLAGS.items()} | {"W": CWR}
"""By letter; W and C both stand for CWR."""
_NAMES = FLAGS | {"ECN": ECE}


def read(column: pa.Array, rule: Rule) -> tuple[pa.Array, Wrong]:
    """The column in its canonical type; a value that is there and does not fit is null, and wrong."""
    kind = "address" if rule.column in _WRITTEN else COLUMNS[rule.column].kind
    found = _READ[kind](column, rule)
    return found, nulls_of(found) & ~nulls_of(column)


def _integers(column: pa.Array, rule: Rule) -> pa.Array:
    name, type_ = rule.column, TYPES[rule.column]
    if pt.is_list(column.type) and name == "tcp_flags":
        numbers = pa.array([_named_flags(words) for words in column.to_pylist()], pa.int64())
    elif pt.is_string(column.type):
        numbers = _of_text(column, rule)
    elif COLUMNS[name].takes(column.type):
        batch = readable(pa.RecordBatch.from_arrays([column], names=[name]))
        numbers = _signed(batch.column(0))
    else:
        return pa.nulls(len(column), type_)
    low, high = LIMITS.get(name, (0, np.iinfo(type_.to_pandas_dtype()).max))
    low, high = max(low, -(1 << 63)), min(high, (1 << 63) - 1)
    fits = pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))
    return pc.if_else(fits, numbers, pa.scalar(None, pa.int64())).cast(type_)


def _signed(column: pa.Array) -> pa.Array:
    if not pt.is_uint64(column.type):
        return column.cast(pa.int64())
    return pc.if_else(
        pc.less(column, pa.scalar(1 << 63, pa.uint64())), column, pa.scalar(None, pa.uint64())
    ).cast(pa.int64())


def _of_text(column: pa.Array, rule: Rule) -> pa.Array:
    if rule.base == 10:
        try:
            return column.cast(pa.int64())
        except pa.ArrowException:
            pass
    return looked_up(column, lambda text: _number(text.strip(), rule), pa.int64())


def _number(text: str, rule: Rule) -> int | None:
    try:
        number = int(text.replace("_", "?"), rule.base)
    except ValueError:
        return _spelt(text, rule)
    return number if abs(number) < 1 << 63 else None


def _spelt(text: str, rule: Rule) -> int | None:
    """A number that is not written as one: 443.0, a protocol's name, flags by letters or names."""
    if rule.column == "protocol" and (number := protocol_number(text)) is not None:
        return number
    if rule.column == "tcp_flags":
        return _named_flags(text.replace("|", ",").split(",")) or _letters(text)
    whole, _, rest = text.partition(".")
    digits = whole.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and len(digits) < 19 and not rest.strip("0")
    return int(whole) if plain and rest else None


def _named_flags(words: Any) -> int | None:
    flags = 0
    for word in words or ():
        for part in str(word).strip().upper().split("_"):
            if part not in _NAMES:
                return None
            flags |= _NAMES[part]
    return flags or None


def _letters(text: str) -> int | None:
    letters = [letter for letter in text.upper() if letter not in ".- "]
    if any(letter not in _FLAGS for letter in letters):
        return None
    return sum({_FLAGS[letter] for letter in letters})


def _addresses(column: pa.Array, rule: Rule) -> pa.Array:
    if pt.is_string(column.type):
        return looked_up(column, lambda text: canonical_address(text.strip()), pa.string())
    if pt.is_uint32(column.type):
        return looked_up(column, lambda number: str(ipaddress.IPv4Address(number)), pa.string())
    return pa.nulls(len(column), pa.string())


def _texts(column: pa.Array, rule: Rule) -> pa.Array:
    if pt.is_string(column.type):
        return column
    if pt.is_integer(column.type):
        return column.cast(pa.string())
    return pa.nulls(len(column), pa.string())


def _uids(column: pa.Array, rule: Rule) -> pa.Array:
    if pt.is_fixed_size_binary(column.type) and column.type.byte_width == 16:
        return looked_up(column, lambda data: str(uuid.UUID(bytes=data)), pa.string())
    return _texts(column, rule)


def _lists(column: pa.Array, rule: Rule) -> pa.Array:
    type_ = TYPES[rule.column]
    if pt.is_string(column.type):
        return pa.array([None if text is None else [text] for text in column.to_pylist()], type_)
    if COLUMNS[rule.column].takes(column.type):
        return readable(pa.RecordBatch.from_arrays([column], names=[rule.column])).column(0)
    return pa.nulls(len(column), type_)


_READ: dict[str, Callable[[pa.Array, Rule], pa.Array]] = {
    "integer": _integers,
    "address": _addresses,
    "text": _texts,
    "uid": _uids,
    "texts": _lists,
}

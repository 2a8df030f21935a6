"""Values as they were found -> values that mean something: types made plain, words of nothing taken out,
parts cut out, words looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.flows.canonical.schema import COLUMNS, is_text, stored_type
from flowcheck.flows.formats.mapped.rules.mapping import ENDPOINT, Rule, Value
from flowcheck.flows.logs.values.addresses import canonical_address
from flowcheck.flows.logs.values.endpoints import split_endpoint

Wrong = npt.NDArray[np.bool_]
"""(n,): which values are there and cannot be used."""


def nulls_of(column: pa.Array) -> Wrong:
    found: Wrong = column.is_null().to_numpy(zero_copy_only=False)
    return found


def plain(column: pa.Array) -> pa.Array:
    """The column as text, numbers, times or whatever else, without dictionaries, views and extensions; bytes
    that are no UTF-8 become a word that nothing takes, and NaN is no value."""
    if pt.is_dictionary(column.type):
        column = column.dictionary_decode()
    if stored_type(column.type) != column.type:
        column = column.storage
    if pt.is_null(column.type):
        return column.cast(pa.string())
    if pt.is_binary(column.type) or pt.is_large_binary(column.type) or pt.is_binary_view(column.type):
        try:
            return column.cast(pa.string())
        except pa.ArrowException:
            texts = [None if v is None else v.decode(errors="replace") for v in column.to_pylist()]
            return pa.array(texts, pa.string())
    if pt.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column.cast(pa.string()) if is_text(column.type) else column


def as_text(column: pa.Array) -> pa.Array:
    """The column as words, null where it has something that is none."""
    column = plain(column)
    if pt.is_nested(column.type) or pt.is_fixed_size_binary(column.type):
        return pa.nulls(len(column), pa.string())
    return column.cast(pa.string())


def looked_up(column: pa.Array, of: Callable[[Any], Any], type_: pa.DataType) -> pa.Array:
    """Every distinct value, through a function, once."""
    coded = column.dictionary_encode()
    values = pa.array([None if v is None else of(v) for v in coded.dictionary.to_pylist()], type_)
    return values.take(coded.indices)


def cleaned(column: pa.Array, rule: Rule) -> pa.Array:
    """What a rule makes of a column before it is read as anything: text where it was text, or is looked
    up."""
    column = plain(column)
    if pt.is_fixed_size_binary(column.type) and column.type.byte_width in (4, 16) and not _is_uid(rule):
        column = looked_up(column, lambda data: canonical_address(str(ip_address(data))), pa.string())
    if rule.values:
        column = as_text(column)
    if not pt.is_string(column.type):
        return column
    column = _without(column, rule.null_words)
    if rule.split:
        column = _without(looked_up(column, _part_of(rule), pa.string()), rule.null_words)
    if rule.values:
        column = looked_up(column, lambda word: _word(rule.values, word), pa.string())
    return column


def _is_uid(rule: Rule) -> bool:
    return rule.column in COLUMNS and COLUMNS[rule.column].kind == "uid"


def _without(column: pa.Array, words: frozenset[str]) -> pa.Array:
    if not words:
        return column
    empty = pc.is_in(column, value_set=pa.array(sorted(words), pa.string()))
    return pc.if_else(empty, pa.scalar(None, pa.string()), column)


def _part_of(rule: Rule) -> Callable[[str], str | None]:
    def part(text: str) -> str | None:
        if rule.split == ENDPOINT:
            host, port = split_endpoint(text)
            return host if rule.part == 0 else None if port is None else str(port)
        parts = text.split(rule.split)
        return parts[rule.part] if -len(parts) <= rule.part < len(parts) else None

    return part


def _word(values: Mapping[str, Value], word: str) -> str | None:
    if word not in values:
        return word
    found = values[word]
    return None if found is None else str(found)

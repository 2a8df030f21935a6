"""Thrift's compact protocol as plain Python: structs as lists of fields, to be changed and written again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


@dataclass(slots=True)
class Field:
    """One field of a struct: a list is (kind of its elements, elements), a struct a list of fields."""

    number: int
    kind: int
    value: Any


Fields = list[Field]


def read_struct(data: bytes, at: int = 0) -> tuple[Fields, int]:
    """(its fields, place behind it)."""
    fields: Fields = []
    number = 0
    while data[at] != 0:
        kind, step = data[at] & 15, data[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _zigzag(data, at)
        value, at = _read(data, at, kind)
        fields.append(Field(number, kind, value))
    return fields, at + 1


def write_struct(fields: Fields) -> bytes:
    out, last = bytearray(), 0
    for field in fields:
        step = field.number - last
        out += (
            bytes([step << 4 | field.kind]) if 0 < step < 16 else bytes([field.kind]) + _signed(field.number)
        )
        out += _write(field.kind, field.value)
        last = field.number
    return bytes(out) + b"\0"


def get(fields: Fields, *numbers: int) -> Any:
    """The value of a field, or of one inside of it; None where it is not there."""
    found: Any = fields
    for number in numbers:
        found = next((field.value for field in found if field.number == number), None)
    return found


def put(fields: Fields, number: int, value: Any, kind: int = I64) -> None:
    """Set a field, where it belongs by its number."""
    for place, field in enumerate(fields):
        if field.number == number:
            field.value = value
            return
        if field.number > number:
            fields.insert(place, Field(number, kind, value))
            return
    fields.append(Field(number, kind, value))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] & 128:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
    return value | data[at] << shift, at + 1


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(data, at)
    return value >> 1 ^ -(value & 1), at


def _unsigned(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _signed(value: int) -> bytes:
    return _unsigned((value << 1 ^ value >> 63) & (1 << 64) - 1)


def _read(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (TRUE, FALSE):
        return None, at
    if kind == BYTE:
        return data[at], at + 1
    if kind in (I16, I32, I64):
        return _zigzag(data, at)
    if kind == DOUBLE:
        return data[at : at + 8], at + 8
    if kind == BINARY:
        size, at = _varint(data, at)
        return data[at : at + size], at + size
    if kind == STRUCT:
        return read_struct(data, at)
    assert kind == LIST, f"kind {kind}"
    count, of = data[at] >> 4, data[at] & 15
    at += 1
    if count == 15:
        count, at = _varint(data, at)
    values = []
    for _ in range(count):
        value, at = _read(data, at, BYTE if of in (TRUE, FALSE) else of)
        values.append(value)
    return (of, values), at


def _write(kind: int, value: Any) -> bytes:
    if kind in (TRUE, FALSE):
        return b""
    if kind == BYTE:
        return bytes([value])
    if kind in (I16, I32, I64):
        return _signed(value)
    if kind == DOUBLE:
        return bytes(value)
    if kind == BINARY:
        return _unsigned(len(value)) + value
    if kind == STRUCT:
        return write_struct(value)
    of, values = value
    head = bytes([len(values) << 4 | of]) if len(values) < 15 else bytes([0xF0 | of]) + _unsigned(len(values))
    return head + b"".join(_write(BYTE if of in (TRUE, FALSE) else of, one) for one in values)

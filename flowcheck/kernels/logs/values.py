"""Values in the text of a line: times, ports, and where what may be another value ends."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.logs.words import EIGHT, eight_of, marks_in, place_of, word_at

NONE = np.int64(-1)
_DAY = 86_400
_DASH, _DOT, _COLON, _T, _Z = 45, 46, 58, 84, 90
_COMMA, _CLOSED = 44, 125
_ZERO, _NINE = 48, 57
_FIRST_YEAR, _LAST_YEAR = 1970, 2261
_HIGHEST, _BLANKS = np.uint64(0x8080808080808080), eight_of(" ")
_LONGEST = np.uint64(40)
_QUOTE, _SPACE = 34, 32
_QUOTES, _BACKSLASHES, _CLOSEDS = eight_of('"'), eight_of("\\"), eight_of("}")
_OPEN, _LIST, _END_OF_LIST = 123, 91, 93
_LONGEST_PIECE = np.uint64(1 << 12)
_ONE = np.uint64(1)


@inlined
def number_in(data: UInt8, begin: Integer, end: Integer) -> Integer:
    """Some digits as a number; -1 where one is none."""
    number = np.int64(0)
    for at in range(np.uint64(begin), np.uint64(end)):
        digit = np.int64(data[at]) - _ZERO
        if digit < 0 or digit > 9:
            return NONE
        number = number * 10 + digit
    return number


@inlined
def days_since_1970(year: Integer, month: Integer, day: Integer) -> Integer:
    """Source: H. Hinnant, days_from_civil; of years past 1969."""
    shifted = year - 1 if month <= 2 else year
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@kernel
def time_in(data: UInt8, begin: np.uint64, end: np.uint64) -> Integer:
    """``YYYY-MM-DDTHH:MM:SS[.FRACTION]Z`` in microseconds since 1970, -1 where it is anything else."""
    length = end - begin
    if length < 20 or length > 30 or length == 21 or data[end - 1] != _Z:
        return -1
    is_formed = (data[begin + 4] == _DASH) & (data[begin + 7] == _DASH) & (data[begin + 10] == _T)
    is_formed &= (data[begin + 13] == _COLON) & (data[begin + 16] == _COLON)
    year, month = number_in(data, begin, begin + 4), number_in(data, begin + 5, begin + 7)
    day, hour = number_in(data, begin + 8, begin + 10), number_in(data, begin + 11, begin + 13)
    minute, second = number_in(data, begin + 14, begin + 16), number_in(data, begin + 17, begin + 19)
    is_formed &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    is_formed &= (hour >= 0) & (hour < 24) & (minute >= 0) & (minute < 60) & (second >= 0) & (second < 60)
    if not is_formed:
        return -1
    next_month = days_since_1970(year + month // 12, month % 12 + 1, 1)
    days = days_since_1970(year, month, day)
    if days >= next_month:
        return -1
    micros: Integer = np.int64(0)
    if length > 20:
        fraction = number_in(data, begin + 20, min(end - 1, begin + 26))
        if data[begin + 19] != _DOT or fraction < 0 or number_in(data, begin + 20, end - 1) < 0:
            return -1
        micros = fraction
        for _ in range(end - 1, begin + 26):
            micros *= 10
    return ((days * _DAY + hour * 3600 + minute * 60 + second) * 1_000_000) + micros


@inlined
def end_of_plain(data: UInt8, at: np.uint64, stop: np.uint64) -> np.uint64:
    """Where a string of nothing but printable ASCII ends, if there is its quote; ``stop`` or past it where it
    goes on."""
    while at < stop:
        word = word_at(data, at)
        marks = marks_in(word, _QUOTES) | marks_in(word, _BACKSLASHES) | (word & _HIGHEST)
        marks |= (word - _BLANKS) & ~word & _HIGHEST
        if marks != 0:
            return at + place_of(marks)
        at += EIGHT
    return at


@inlined
def end_of_value(data: UInt8, begin: np.uint64, last: np.uint64) -> np.uint64:
    """Where a string that is printable and short ends; ``begin`` where it is longer than a time or a UUID."""
    end = end_of_plain(data, begin, min(last, begin + _LONGEST))
    return end if end < last and end < begin + _LONGEST else begin


@inlined
def port_after(data: UInt8, begin: np.uint64, last: np.uint64) -> tuple[np.uint64, Integer]:
    """(end, value) of a port that begins here; value -1 where none does."""
    end, value = begin, np.int64(0)
    while end < last and end < begin + np.uint64(6) and data[end] >= _ZERO and data[end] <= _NINE:
        value = value * 10 + np.int64(data[end] - _ZERO)
        end += np.uint64(1)
    is_port = end < last and (data[end] in (_COMMA, _CLOSED)) and data[begin] != _ZERO
    return end, value if is_port and end > begin and value <= 65535 else NONE


@inlined
def end_of_string(data: UInt8, at: np.uint64, stop: np.uint64) -> np.uint64:
    """Where the quote that ends a string is; ``stop`` or past it where it is not before."""
    while at < stop:
        word = word_at(data, at)
        marks = marks_in(word, _QUOTES) | marks_in(word, _BACKSLASHES)
        if marks == 0:
            at += EIGHT
            continue
        at += place_of(marks)
        if at >= stop or data[at] == _QUOTE:
            return at
        at += np.uint64(2)
    return at


@inlined
def end_of_object(data: UInt8, begin: np.uint64, last: np.uint64) -> np.uint64:
    """Past the brace that closes what opens here; ``begin`` where none does within _LONGEST_PIECE."""
    at, stop, depth = begin, min(last, begin + _LONGEST_PIECE), 0
    while at < stop:
        byte = data[at]
        if byte == _QUOTE:
            at = end_of_string(data, at + _ONE, stop)
        elif byte == _OPEN:
            depth += 1
        elif byte == _CLOSED:
            depth -= 1
            if depth == 0:
                return at + _ONE
        at += _ONE
    return begin


@inlined
def likely_end(data: UInt8, begin: np.uint64, last: np.uint64) -> np.uint64:
    """Past the first brace behind which another key or brace is: the end of most objects, for a third of what
    looking into their strings takes. ``last`` where there is none."""
    at = begin
    while at < last:
        marks = marks_in(word_at(data, at), _CLOSEDS)
        if marks == 0:
            at += EIGHT
            continue
        at += place_of(marks) + _ONE
        if at < last and (data[at] == _CLOSED or (data[at] == _COMMA and data[at + _ONE] == _QUOTE)):
            return at
    return last


@kernel
def end_of_flat(data: UInt8, begin: np.uint64, last: np.uint64) -> np.uint64:
    """Past an object or a list of nothing but printable strings and whole numbers; ``begin`` where here is
    none."""
    is_list = data[begin] == _LIST
    close = _END_OF_LIST if is_list else _CLOSED
    at, stop = begin + _ONE, min(last, begin + _LONGEST_PIECE)
    is_name = not is_list
    if data[begin] != _OPEN and not is_list:
        return begin
    while at < stop:
        first = at
        if data[at] == _QUOTE:
            at = end_of_plain(data, at + _ONE, stop)
            if at >= stop or data[at] != _QUOTE:
                return begin
            at += _ONE
        elif is_name:
            return begin
        else:
            while at < stop and data[at] >= _ZERO and data[at] <= _NINE:
                at += _ONE
            if at == first or (data[first] == _ZERO and at > first + _ONE):
                return begin
        if at >= stop:
            return begin
        if is_name:
            if data[at] != _COLON:
                return begin
            is_name = False
        elif data[at] == close:
            return at + _ONE
        elif data[at] == _COMMA:
            is_name = not is_list
        else:
            return begin
        at += _ONE
        if at < stop and data[at] == _SPACE:
            at += _ONE
    return begin

"""Values in the text of a line: times, ports, and where what may be a time or a UUID ends."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel

NONE = np.int64(-1)
_DAY = 86_400
_DASH, _DOT, _COLON, _T, _Z = 45, 46, 58, 84, 90
_COMMA, _CLOSED = 44, 125
_ZERO, _NINE = 48, 57
_FIRST_YEAR, _LAST_YEAR = 1970, 2261
_LONGEST = np.uint64(40)
_PLAIN = np.array([byte < 128 and (chr(byte).isalnum() or chr(byte) in ":.-") for byte in range(256)])


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
def end_of_value(data: UInt8, begin: np.uint64, last: np.uint64) -> np.uint64:
    """Where what _PLAIN holds ends; ``begin`` where there is more of it than a time or a UUID has."""
    at = begin
    while at < last and at < begin + _LONGEST and _PLAIN[data[at]]:
        at += np.uint64(1)
    return at if at < begin + _LONGEST else begin


@inlined
def port_after(data: UInt8, begin: np.uint64, last: np.uint64) -> tuple[np.uint64, Integer]:
    """(end, value) of a port that begins here; value -1 where none does."""
    end, value = begin, np.int64(0)
    while end < last and end < begin + np.uint64(6) and data[end] >= _ZERO and data[end] <= _NINE:
        value = value * 10 + np.int64(data[end] - _ZERO)
        end += np.uint64(1)
    is_port = end < last and (data[end] in (_COMMA, _CLOSED)) and data[begin] != _ZERO
    return end, value if is_port and end > begin and value <= 65535 else NONE

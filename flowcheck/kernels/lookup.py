"""Address -> endpoint, for IPv4 as numbers, IPv6 as two words, and IPv4 written as text; and -> key.

A key is a word that stands for the address itself, to tell connections and clients apart by.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import AddressTable, Int32, Int64, Integer, PortTable, TimedTable, UInt8, UInt32, UInt64
from flowcheck.kernels.hashing import mix
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.words import port_word

NOT_IPV4 = -1


@kernel
def last_begun(starts: Int64, first: int, last: int, at: Integer) -> int:
    """The last of the stretches of time ``first:last`` that starts at or before an instant."""
    while last - first > 1:
        middle = (first + last) >> 1
        if starts[middle] <= at:
            first = middle
        else:
            last = middle
    return first


@kernel
def find_v4(addresses: AddressTable, address: Integer) -> int:
    """The endpoint of one IPv4 address (host order). At most three loads, each from a smaller table."""
    entry: int = addresses.root[address >> 16]
    if entry < 0:
        entry = addresses.pages[-entry - 1, (address >> 8) & 255]
        if entry < 0:
            entry = addresses.pages[-entry - 1, address & 255]
    return entry


@kernel
def find_v6(addresses: AddressTable, high: np.uint64, low: np.uint64) -> int:
    """The endpoint of one IPv6 address: the last interval that starts at or before it."""
    left, right = 0, addresses.v6_high.size
    while right - left > 1:
        middle = (left + right) >> 1
        start = addresses.v6_high[middle]
        if start < high or (start == high and addresses.v6_low[middle] <= low):
            left = middle
        else:
            right = middle
    endpoint: int = addresses.v6_endpoint[left]
    return endpoint


@kernel
def take_found(
    endpoint_of: Int32,
    key_of: UInt64,
    inferred_of: UInt8,
    codes: Int32,
    endpoints: Int32,
    keys: UInt64,
    inferred: UInt8,
) -> None:
    """endpoints int32, keys uint64, inferred uint8, each (flows,): of codes (flows,) int32, from what was
    found for each of them."""
    for i in range(np.uint64(codes.size)):
        code = np.uint32(codes[i])
        endpoints[i] = endpoint_of[code]
        keys[i] = key_of[code]
        inferred[i] = inferred_of[code]


@kernel
def resolve_integers(addresses: AddressTable, values: UInt32, endpoints: Int32, keys: UInt64) -> None:
    """values (flows,) uint32 -> endpoints (flows,) int32, keys (flows,) uint64: the addresses themselves."""
    for i in range(values.size):
        endpoints[i] = find_v4(addresses, np.int64(values[i]))
        keys[i] = values[i]


@kernel
def resolve_v6_words(
    addresses: AddressTable, high: UInt64, low: UInt64, endpoints: Int32, keys: UInt64
) -> None:
    """high, low (n,) uint64, the two halves of each address -> endpoints (n,) int32, keys (n,) uint64.

    IPv4-mapped is IPv4. The key of an IPv6 address has its highest bit set, so that it is no IPv4 address's.
    """
    for i in range(high.size):
        if high[i] == 0 and low[i] >> np.uint64(32) == np.uint64(0xFFFF):
            keys[i] = low[i] & np.uint64(0xFFFFFFFF)
            endpoints[i] = find_v4(addresses, np.int64(keys[i]))
        else:
            keys[i] = (mix(mix(high[i]) + low[i])) | (np.uint64(1) << np.uint64(63))
            endpoints[i] = find_v6(addresses, high[i], low[i])


@kernel
def settle(timed: TimedTable, endpoints: Int32, seen_at: Int64, ends: Int32, inferred: UInt8) -> None:
    """Replace timed endpoints in ``ends`` (flows,) by whoever had the address at the time.

    inferred (flows,) uint8: set to 1 where the owner is likely, not sure. Negative ends stay.
    """
    for i in range(ends.size):
        if ends[i] < 0 or endpoints[ends[i], a.KIND] != a.KIND_TIMED:
            continue
        number = endpoints[ends[i], a.NUMBER]
        owner = last_begun(timed.start, timed.first[number], timed.first[number + 1], seen_at[i])
        ends[i] = timed.endpoint[owner]
        inferred[i] |= timed.inferred[owner]


@kernel
def settle_during(
    timed: TimedTable, endpoints: Int32, first_at: Integer, last_at: Integer, ends: Int32, inferred: UInt8
) -> int:
    """As :func:`settle`, ends (n,) of which each has one owner from one instant to another, inclusive;
    returns how many are left, as they change hands in between."""
    left = 0
    for i in range(ends.size):
        if ends[i] < 0 or endpoints[ends[i], a.KIND] != a.KIND_TIMED:
            continue
        number = endpoints[ends[i], a.NUMBER]
        owner = last_begun(timed.start, timed.first[number], timed.first[number + 1], first_at)
        if owner + 1 < timed.first[number + 1] and timed.start[owner + 1] <= last_at:
            left += 1
            continue
        ends[i] = timed.endpoint[owner]
        inferred[i] |= timed.inferred[owner]
    return left


@kernel
def find_word(words: Int32, first: int, last: int, word: Integer) -> int:
    """The place of a word in ``words[first:last]``, which ascend, or NOT_ONE."""
    place = first + int(np.searchsorted(words[first:last], word))
    return place if place < last and words[place] == word else a.NOT_ONE


@kernel
def ask_ports(
    shared: PortTable, protocols: UInt8, ports: Int32, seen_at: Int64, ends: Int32, inferred: UInt8
) -> None:
    """Replace endpoints in ``ends`` (flows,) that are at a shared address by the Service's that has the port.

    shared: a PortTable. inferred (flows,) uint8: set to 1 where that is likely, not sure. Negative ends stay.
    """
    shared_of, firsts, words = shared.of, shared.first, shared.word
    segment_firsts, starts = shared.segment_first, shared.start
    endpoints, likely = shared.endpoint, shared.inferred
    for i in range(ends.size):
        if ends[i] < 0 or shared_of[ends[i]] < 0:
            continue
        number, slot, port = shared_of[ends[i]], a.PROTOCOL_SLOT[protocols[i]], ports[i]
        if slot == a.N_REAL_PROTOCOLS or port < 0:
            continue
        word = port_word(slot, port)
        door = find_word(words, firsts[number], firsts[number + 1], word)
        if door < 0:
            continue
        segment = last_begun(starts, segment_firsts[door], segment_firsts[door + 1], seen_at[i])
        if endpoints[segment] >= 0:
            ends[i] = endpoints[segment]
            inferred[i] |= likely[segment]


@kernel
def parse_v4(text: UInt8, start: int, stop: int) -> Integer:
    """Dotted-quad text -> its number, or NOT_IPV4. Leading zeros are refused, as :mod:`ipaddress` does."""
    if stop - start < 7 or stop - start > 15:
        return NOT_IPV4
    address, octet = np.int64(0), np.int64(0)
    digits, octets = 0, 0
    for i in range(start, stop):
        character = np.int64(text[i])  # wide enough to shift, compiled or not
        if 48 <= character <= 57:
            if digits > 0 and octet == 0:
                return NOT_IPV4
            octet = octet * 10 + (character - 48)
            digits += 1
            if octet > 255:
                return NOT_IPV4
        elif character == 46 and digits > 0 and octets < 3:
            address = (address << 8) | octet
            octets += 1
            octet, digits = np.int64(0), 0
        else:
            return NOT_IPV4
    if octets != 3 or digits == 0:
        return NOT_IPV4
    return (address << 8) | octet


@kernel
def resolve_text(
    addresses: AddressTable, offsets: Int64, text: UInt8, endpoints: Int32, keys: UInt64
) -> None:
    """offsets (n + 1,) int64 into text (bytes,) uint8 -> endpoints (n,) int32 (or NOT_IPV4), keys (n,)."""
    for i in range(endpoints.size):
        address = parse_v4(text, offsets[i], offsets[i + 1])
        if address == NOT_IPV4:
            endpoints[i] = NOT_IPV4
        else:
            endpoints[i] = find_v4(addresses, address)
            keys[i] = np.uint64(address)

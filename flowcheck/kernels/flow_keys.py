"""Rows of flow records by key: what rows must share to be judged alike, attributed alike and counted as one.

Key word ONE is the pair of endpoints, TWO is KEY_SERVICE of the edges with a bit for an unknown initiator and
the number of a circumstance. Logs say the same thing many times over: what is said of a key is worked out
once, and rows only add to its sums.
"""

from __future__ import annotations

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Int32, Int64, Integer, MomentTable, UInt8, UInt16
from flowcheck.kernels.books import BLOCK, number_keys
from flowcheck.kernels.decide import epoch_at
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.lookup import last_begun
from flowcheck.kernels.words import pair, service_word


@kernel
def add_rows(
    slots: Int32,
    rows: Int64,
    neutral: Int64,
    n_used: int,
    flows: FlowArrays,
    circumstances: Int64,
    numbers: Int32,
    start: int,
) -> tuple[int, int]:
    """Number the rows from ``start`` on and add them to the sums of their keys, in ``rows`` (room, 10).

    circumstances (flows,) int64, or (1,) of all flows. numbers (flows,) int32: of each row's key, -1 of rows
    that are left out. Returns (numbers in use, first row not done): it stops where there is no room. Blocks
    are numbered before they are added, so that the processor waits for many places of its memory at once.
    Arrays are taken out of their tuples before the loops: to do that in them costs ten times the work.
    """
    src_of, dst_of, protocol_of, port_of = flows.src, flows.dst, flows.protocol, flows.port
    judge_of, observed_of, point_of, inferred_of = flows.judge, flows.observed, flows.point, flows.inferred
    counted_of, count_of, seen_at = flows.counted, flows.flow_count, flows.seen_at
    bytes_of, packets_of = flows.bytes_, flows.packets
    whole = circumstances[0] << a.AT_CIRCUMSTANCE if circumstances.size == 1 else np.int64(0)
    chosen, found = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    ones, twos = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
    for first in range(start, src_of.size, BLOCK):
        last = min(first + BLOCK, src_of.size)
        n = 0
        for row in range(np.uint64(first), np.uint64(last)):
            word = service_word(
                protocol_of[row], port_of[row], observed_of[row], point_of[row], inferred_of[row]
            )
            ones[n] = pair(src_of[row], dst_of[row])
            twos[n] = word | (np.int64(judge_of[row] == 2) << a.AT_NO_INITIATOR) | whole
            chosen[n] = row
            numbers[row] = -1
            n += judge_of[row] != 0
        if circumstances.size > 1:
            for k in range(np.uint64(n)):
                twos[k] |= circumstances[np.uint32(chosen[k])] << a.AT_CIRCUMSTANCE
        n_used, done = number_keys(slots, rows, neutral, n_used, ones, twos, found, n)
        if done < n:
            return n_used, first
        for k in range(np.uint64(n)):
            i, number = np.uint32(chosen[k]), np.uint32(found[k])
            counted, seen = counted_of[i] != 0, seen_at[i]
            numbers[i] = number
            rows[number, a.FLOW_RECORDS] += 1
            rows[number, a.FLOW_CONNECTIONS] += count_of[i] * np.int64(counted)
            rows[number, a.FLOW_BYTES] += bytes_of[i]
            rows[number, a.FLOW_PACKETS] += packets_of[i]
            rows[number, a.FLOW_FIRST] = min(rows[number, a.FLOW_FIRST], seen)
            rows[number, a.FLOW_LAST] = max(rows[number, a.FLOW_LAST], seen)
            if counted:
                rows[number, a.COUNTED_FIRST] = min(rows[number, a.COUNTED_FIRST], seen)
                rows[number, a.COUNTED_LAST] = max(rows[number, a.COUNTED_LAST], seen)
    return n_used, src_of.size


@kernel
def list_first_rows(numbers: Int32, known: int, rows: Int64) -> None:
    """rows (n + 1,) int64: the first row of each of n numbers from ``known`` on, and one more that means
    nothing; numbers (flows,) came in order."""
    n = 0
    for i in range(np.uint64(numbers.size)):
        rows[n] = i
        n += numbers[i] == known + n


@kernel
def list_marked(marks: UInt8, numbers: Int32, rows: Int32) -> int:
    """rows (flows,) int32: those whose key has a mark, first of all; returns how many. marks (keys,)
    uint8."""
    n = 0
    for i in range(np.uint64(numbers.size)):
        rows[n] = i
        n += numbers[i] >= 0 and marks[np.uint32(max(numbers[i], 0))] != 0
    return n


@kernel
def find_moments(
    moments: MomentTable, epoch_start: Int64, sources: UInt16, n_sources: int, flows: FlowArrays,
    segment_first: Int32, segment_start: Int64, named: Int32, ones: Int64, twos: Int64,
) -> None:  # fmt: skip
    """ones, twos (flows,) int64: the circumstance of each row as two words: the pair of the row of the tables
    (epoch and source class) and the moment of its destination; that of the service port that it names itself
    + 1 and the segment of this, 0 where there is none.

    named (flows,) int32: -1 none. segment_first, segment_start: of ServicePorts.
    """
    of, firsts, starts = moments.of, moments.first, moments.start
    dst_of, seen_at, from_of = flows.dst, flows.seen_at, flows.src_port
    epoch = 0
    for i in range(dst_of.size):
        seen, which, port = seen_at[i], of[dst_of[i]], named[i]
        epoch = epoch_at(epoch_start, seen, epoch)
        moment: Integer = 0
        if which >= 0:
            moment = last_begun(starts, firsts[which], firsts[which + 1], seen) - firsts[which]
        row = epoch if n_sources == 1 else epoch * n_sources + sources[from_of[i] + 1]
        ones[i] = pair(row, moment)
        twos[i] = 0
        if port >= 0:
            segment = last_begun(segment_start, segment_first[port], segment_first[port + 1], seen)
            twos[i] = pair(port + 1, segment)

"""Who opened a connection, where the record does not say; and which records report one that was seen before.

Ways to find out, in the order asked: TCP flags (a SYN without ACK is the initiator's, SYN and ACK alone are
the answer; with more they may be those of a whole flow, and both sides have them), the same or the reversed
5-tuple in the batch with a known initiator, one end that is known to listen on its port, one port from the
range that systems take ephemeral ports from. ``swap`` says that the recorded destination is the initiator.
"""

from __future__ import annotations

from flowcheck import arrays as a
from flowcheck.arrays import Int32, ServiceTable, UInt8, UInt64
from flowcheck.kernels.hashing import connection_key, find_key
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.words import port_word

TCP = 6
SYN, ACK, CONGESTION = 2, 16, 64 | 128
EPHEMERAL_FIRST, EPHEMERAL_LAST = 32768, 60999
"""Linux's default net.ipv4.ip_local_port_range."""


@kernel
def by_flags(protocol: UInt8, flags: Int32, basis: UInt8, swap: UInt8) -> None:
    """Settle rows whose ``basis`` is still BASIS_NONE. flags (flows,) int32: -1 where not recorded."""
    for i in range(basis.size):
        if basis[i] == a.BASIS_NONE and protocol[i] == TCP and flags[i] >= 0 and flags[i] & SYN != 0:
            is_answer = flags[i] & ~CONGESTION == SYN | ACK
            if is_answer or flags[i] & ACK == 0:
                basis[i] = a.BASIS_FLAGS
                swap[i] = 1 if is_answer else 0


@kernel
def by_pairs(
    table: UInt64,
    src_key: UInt64,
    dst_key: UInt64,
    src_port: Int32,
    dst_port: Int32,
    protocol: UInt8,
    basis: UInt8,
    swap: UInt8,
) -> None:
    """Settle rows whose 5-tuple, either way round, has a known initiator in this batch.

    table (slots,) uint64: zeros, a power of two, more than twice the rows. src_port, dst_port: -1 unknown.
    """
    for i in range(basis.size):
        if a.PROTOCOL_SLOT[protocol[i]] == a.N_REAL_PROTOCOLS or src_port[i] < 0 or dst_port[i] < 0:
            continue
        if basis[i] != a.BASIS_NONE:
            if swap[i]:
                key = connection_key(dst_key[i], src_key[i], dst_port[i], src_port[i], protocol[i])
            else:
                key = connection_key(src_key[i], dst_key[i], src_port[i], dst_port[i], protocol[i])
            table[find_key(table, key)] = key
    for i in range(basis.size):
        if a.PROTOCOL_SLOT[protocol[i]] == a.N_REAL_PROTOCOLS or src_port[i] < 0 or dst_port[i] < 0:
            continue
        if basis[i] != a.BASIS_NONE:
            continue
        same = connection_key(src_key[i], dst_key[i], src_port[i], dst_port[i], protocol[i])
        reverse = connection_key(dst_key[i], src_key[i], dst_port[i], src_port[i], protocol[i])
        is_same, is_reverse = table[find_key(table, same)] == same, table[find_key(table, reverse)] == reverse
        if is_same != is_reverse:
            basis[i] = a.BASIS_PAIR
            swap[i] = 1 if is_reverse else 0


@kernel
def listens(services: ServiceTable, endpoint: int, slot: int, port: int) -> bool:
    """Whether an endpoint is known to listen on a port."""
    wanted = port_word(slot, port)
    for at in range(services.listeners.listen_first[endpoint], services.listeners.listen_first[endpoint + 1]):
        if services.listeners.listen[at] == wanted:
            return True
    return False


@kernel
def by_ports(
    services: ServiceTable,
    src: Int32,
    dst: Int32,
    src_port: Int32,
    dst_port: Int32,
    protocol: UInt8,
    basis: UInt8,
    swap: UInt8,
) -> None:
    """Settle rows by a known listener, then by the range of ephemeral ports. src, dst: endpoints, or < 0."""
    for i in range(basis.size):
        slot = a.PROTOCOL_SLOT[protocol[i]]
        if basis[i] != a.BASIS_NONE or slot == a.N_REAL_PROTOCOLS:
            continue
        src_listens = src[i] >= 0 and src_port[i] > 0 and listens(services, src[i], slot, src_port[i])
        dst_listens = dst[i] >= 0 and dst_port[i] > 0 and listens(services, dst[i], slot, dst_port[i])
        if src_listens != dst_listens:
            basis[i] = a.BASIS_LISTENER
            swap[i] = 1 if src_listens else 0
        elif src_port[i] >= 0 and dst_port[i] >= 0:
            src_ephemeral = EPHEMERAL_FIRST <= src_port[i] <= EPHEMERAL_LAST
            dst_ephemeral = EPHEMERAL_FIRST <= dst_port[i] <= EPHEMERAL_LAST
            if src_ephemeral != dst_ephemeral:
                basis[i] = a.BASIS_PORT
                swap[i] = 1 if dst_ephemeral else 0

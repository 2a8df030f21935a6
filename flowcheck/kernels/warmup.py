"""Compile every kernel for the types the program uses, so that the first audit does not wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np

from flowcheck import arrays as a
from flowcheck.kernels import (
    attribute,
    balance,
    books,
    classes,
    connections,
    decide,
    edges,
    flow_keys,
    initiators,
    lookup,
    rows,
    translate,
)
from flowcheck.kernels.cached.cache import source_stamp
from flowcheck.kernels.cached.folder import DIRECTORY
from flowcheck.kernels.chance import contingency, multinomial, tails
from flowcheck.kernels.logs import columns, counting, events, lines, patterns, settling
from flowcheck.kernels.logs.pieces import Pieces
from flowcheck.kernels.parquet import contents, pages
from flowcheck.kernels.parquet.footer import CHUNK_FIELDS, COUNTS, read_chunk, read_column, read_footer
from flowcheck.kernels.parquet.thrift import DEEPEST
from flowcheck.kernels.without.warm import warm

PARTS = (
    *("classes", "rows", "without", "parquet", "lookup", "initiators", "decide", "translate", "settling"),
    *("connections", "books", "flows", "edges", "attribute", "load", "contingency", "statistics"),
    *("multinomial", "lines", "counting", "columns", "events"),
)
"""What is compiled, in this order, as the warm-up says it: by module, but ``flow_keys`` as flows, ``balance``
as load and ``tails`` as statistics; and ``parquet`` and ``without``, folders."""

COMPLETE = "complete"
"""The file that says by its source stamp that all of them are in the cache."""


def warmup(report: Callable[[str, int, int], None] = lambda _part, _number, _of: None) -> None:
    """Call every kernel once on arrays of one element or none.

    ``report`` is told, before each part, which one it is and its number of how many.
    """
    parts = chain(_warm_compiling(), _warm_judging(), _warm_chance(), _warm_logs())
    for number, part in enumerate(parts, 1):
        report(part, number, len(PARTS))
    if DIRECTORY is not None:
        with suppress(OSError):
            (DIRECTORY / COMPLETE).write_text(source_stamp())


def preload() -> Iterator[str]:
    """Load what flows are judged with, part by part as it is asked for; nothing where that would be to
    compile it."""
    with suppress(OSError):
        if DIRECTORY is not None and (DIRECTORY / COMPLETE).read_text() == source_stamp():
            yield from _warm_judging()


def _warm_compiling() -> Iterator[str]:
    """What policies are compiled with: every part by name, and then its kernels called."""
    int32, int64, uint8, uint64 = (_zeros(t) for t in (np.int32, np.int64, np.uint8, np.uint64))
    sets = np.frombuffer(uint64(1, 1).tobytes(), dtype=np.uint64).reshape(1, 1)
    four = (int32(1), int32(1), int32(1), int32(1))
    program_rows = a.Rows(*four, uint8(1), uint8(1), int32(1), int32(1), int32(1), uint8(1))
    yield "classes"
    classes.refine(sets, int32(1), int32(1), 1)
    classes.class_at(int32(1), 1)
    classes.count_members(sets, int32(1), int32(1))
    classes.list_members(sets, int32(1), int32(1), int64(1), int32(1))
    yield "rows"
    rows.list_rows(int32(1), int64(2), int32(0), 1)
    rows.match_peers(int32(1), int32(1), int64(2), int32(0), int64(1), int64(2, 2))
    rows.read_list(int64(1, 2), 0, int32(1))
    rows.decide_ports(program_rows, int32(0), 0, int32(3), int32(3), int64(1)[0], 0, uint8(64), int32(4))
    rows.decide_missing_ports(int32(4), int64(4), 0, uint8(64))
    rows.decide_lists(program_rows, int64(1, 2), 1, int64(1), int32(3), int32(3), int64(4), 0, uint8(64))
    yield "without"
    warm(program_rows)


def _warm_judging() -> Iterator[str]:
    """What flows are judged and counted with, likewise."""
    int32, int64, uint8, uint64 = (_zeros(t) for t in (np.int32, np.int64, np.uint8, np.uint64))
    addresses = a.AddressTable(int32(65536), int32(1, 256), uint64(1), uint64(1), int32(1))
    timed = a.TimedTable(int32(2), int64(1), int32(1), uint8(1))
    shared = a.PortTable(int32(1) - 1, int32(1), int32(0), int32(1), int64(0), int32(0), uint8(0))
    direction = a.DirectionTable(int32(1, 1), np.zeros((1, 1), dtype=np.uint16), int32(1, 4))
    ports = np.zeros((3, 65536), dtype=np.uint16)
    services = _services(int32, int64, uint8)
    fixed = (addresses, timed, shared, services, int32(1, 8), int64(1), ports, 0, int32(256), int32(0, 2))
    source = np.zeros(0, dtype=np.uint16), 1
    tables = a.Tables(*fixed, *source, direction, direction, uint8(64), uint8(64))
    ends = (int32(1), int32(1), uint64(1), uint64(1), uint8(1), int32(1), int32(1))
    flows = a.FlowArrays(*ends, *(uint8(1) for _ in range(5)), *(int64(1) for _ in range(4)))
    judged = a.Judged(int32(1), int32(1), uint8(1), uint8(1), int32(1))

    yield "parquet"
    nothing, chunks, open_ = np.frombuffer(b"\0", dtype=np.uint8), int64(0, CHUNK_FIELDS), int64(DEEPEST, 3)
    read_footer(nothing, int64(0, 2), chunks, int64(COUNTS), open_)
    for read in (read_chunk, read_column):
        read(nothing, 0, 1, int64(CHUNK_FIELDS), open_)
    pages.walk_pages(nothing, 0, int64(0, 2), int64(2), int64(0, 4), int64(9), open_)
    pages.hold_named(nothing, 0, 0, int64(0, 3), int64(1), uint8(0), open_)
    contents.list_pages(nothing, int64(1, contents.PAGE_FIELDS), open_)
    contents.holds(nothing, -1, int64(contents.PAGE_FIELDS), False, 8)
    yield "lookup"
    lookup.resolve_text(addresses, int64(2), uint8(0), int32(1), uint64(1))
    lookup.take_found(int32(1), uint64(1), uint8(1), int32(1), int32(1), uint64(1), uint8(1))
    lookup.resolve_integers(addresses, np.zeros(1, dtype=np.uint32), int32(1), uint64(1))
    lookup.resolve_v6_words(addresses, uint64(1), uint64(1), int32(1), uint64(1))
    lookup.settle(timed, int32(1, 8), int64(1), int32(1), uint8(1))
    lookup.settle_during(timed, int32(1, 8), 0, 0, int32(1), uint8(1))
    lookup.ask_ports(shared, uint8(1), int32(1), int64(1), int32(1), uint8(1))
    yield "initiators"
    initiators.by_flags(uint8(1), int32(1), uint8(1), uint8(1))
    initiators.by_pairs(uint64(4), uint64(1), uint64(1), int32(1), int32(1), uint8(1), uint8(1), uint8(1))
    initiators.by_ports(services, int32(1), int32(1), int32(1), int32(1), uint8(1), uint8(1), uint8(1))
    yield "decide"
    decide.judge(tables, flows, judged)
    decide.judge_pair(tables, 0, 0, 0, 0, 0)
    yield "translate"
    translate.find_service_ports(tables, flows, uint8(1), int32(1), int32(1))
    translate.judge_translated(tables, flows, int32(1), int32(1), judged)
    yield "settling"
    pair, told = (uint64(1), uint64(1), int32(1), int32(1)), (uint8(1), uint8(1))
    settling.order_ends(*pair, uint8(1), int64(1), uint8(1))
    settling.find_connections(int32(8), int64(1, 4), 0, int64(1), uint8(1), int64(1), uint8(1), int32(1))
    settling.settle(int64(1, 4), uint8(1), int64(1), int32(1), 1, *told, uint8(1), uint8(1), uint8(1))
    settling.keep_recent(int32(2), int64(1, 4), 0, 0)
    yield "connections"
    connections.mark_first(int64(2, 2), 0, 0, flows, 1, 0)
    connections.keep_recent(int64(2, 2), 0, int64(2, 2))
    yield "books"
    books.number_keys(int32(2), int64(1, 4), int64(4), 0, int64(1), int64(1), int32(1), 1)
    yield "flows"
    flow_keys.add_rows(int32(2), int64(1, 10), int64(10), 0, flows, int64(1), int32(1), 0)
    flow_keys.list_first_rows(int32(1), 0, int64(1))
    flow_keys.list_marked(uint8(1), int32(1), int32(1))
    moments = a.MomentTable(int32(1), int32(2), int64(1))
    flow_keys.find_moments(
        moments, int64(1), *source, flows, int32(1), int64(0), int32(1) - 1, int64(1), int64(1)
    )
    yield "edges"
    edges.count_keys(int32(4), int64(2, 8), 0, int32(1, 8), int64(1, 10), int32(1), int32(1), 0)
    edges.merge(int32(4), int64(2, 8), 0, int64(1, 8), 0)
    yield from _warm_load(services, flows, judged)


def _warm_load(services: a.ServiceTable, flows: a.FlowArrays, judged: a.Judged) -> Iterator[str]:
    int32, int64, uint8 = (_zeros(t) for t in (np.int32, np.int64, np.uint8))
    int8, uint64 = (_zeros(t) for t in (np.int8, np.uint64))
    ports = (int32(1), int64(1), int64(1), uint8(1))
    ends = (int32(1), int32(1), uint64(2), int8(1))
    counting = a.CountingTables(services, int32(1, 8), *ports, *ends, 0)
    attributed = a.Attributed(uint8(1), int32(1), int64(1), int32(1))
    yield "attribute"
    attribute.attribute(counting, flows, judged.verdict, int32(1), attributed)
    yield "load"
    balance.last_levels(int64(1), int8(1))
    balance.turn(int64(1, 1), int64(1), int64(1), int64(1, 1))
    balance.add_rows(int64(1, 1), int64(1), int64(1, 1))
    balance.add_counts(int64(1), int32(1), int64(1))
    keys, words = int64(1, 10), (int64(1), int64(1))
    balance.name_flows(counting, flows, attributed, int32(1), *words)
    balance.name_clients(int8(1), 0, 0, keys, int32(1), int32(1), int32(1), *words)
    balance.count_times(int32(4), int64(2, 2), int64(2), 0, 0, int64(2, 1), flows, int32(1), int32(1), 0)
    balance.add_load(int64(1, 4), int32(1), keys)
    balance.add_clients(int64(1, 5), int32(1), int32(1), keys)


def _warm_chance() -> Iterator[str]:
    """What chance is asked with, likewise."""
    int64 = _zeros(np.int64)
    yield "contingency"
    contingency.fit_rows(int64(1, 1), 5.0)
    contingency.longest_run(int64(1, 1))
    counts, shares = np.array([1, 0]), np.array([0.5, 0.5])
    yield "statistics"
    tails.chi_square_tail(1.0, 1)
    tails.binomial_tail(1, 2, 0.5)
    yield "multinomial"
    multinomial.exact_tail(counts, shares)
    multinomial.sample_tail(counts, shares, 1, 2, 2)


def _warm_logs() -> Iterator[str]:
    """What logs are read with, likewise."""
    int32, int64, uint8, uint64 = (_zeros(t) for t in (np.int32, np.int64, np.uint8, np.uint64))
    yield "lines"
    n = lines.MOST_CUTS
    cut = lines.Cut(int32(1), int32(1), int32(1), int32(1, n, 2), int64(1, n + 1), uint8(1, n), uint64(1))
    pieces = Pieces(int32(2), uint64(1), int64(2), uint8(1), int32(1), uint8(1))
    known = patterns.Patterns(int32(2), uint64(1), int64(2), int32(1, n + 1), uint8(1, n), uint8(1))
    lines.find_lines(uint64(1), int32(1), int32(1))
    lines.cut_lines(uint8(1), cut, pieces, 0, 0)
    lines.cut_again(uint8(1), cut, pieces, int32(0))
    patterns.find_patterns(uint8(1), cut, 0, 1, known, int32(1))
    places = patterns.WhereTold(int32(1), int32(1, 1), int32(1, 1))
    patterns.tell_lines(int32(0), int64(1, n + 1), places, int64(0), int32(1, 0))
    patterns.know_lines(uint8(1), cut, pieces, known, int32(0))
    yield "counting"
    book, chosen = int64(1, 2 + len(counting.NEUTRAL)), int32(1, counting.WAYS) - 1
    counting.find_openers(book, int32(1), uint8(1), uint8(1), uint8(1), int64(1), 1, uint8(1))
    counting.count_once(book, int32(1), uint8(1), int64(1), int64(1), 1, chosen, int64(1))
    yield "columns"
    for values, out in ((int32, int32), (int32, int64), (int64, int64), (uint64, uint64), (uint8, uint8)):
        stored, valid = values(1), uint8(1)
        stored.flags.writeable = valid.flags.writeable = False
        columns.pick(stored, int32(1), out(1))
        if values in (int32, int64):
            columns.pick_valid(stored, valid, 0, int32(1), out(1))
    for type_ in (np.int8, np.uint8, np.uint16, np.uint32, np.uint64):
        columns.fit(int64(1), int64(1), uint8(1), uint8(1), 0, 1, _zeros(type_)(1), uint8(1), uint8(1))
    columns.exchange(uint8(1), int32(1), int32(1))
    columns.fill_from(int32(1), int32(1))
    yield "events"
    said, none = int64(1), uint8(1)
    told = events.Told(said, said, said, said, said, none, int32(1), int32(1), none, none)
    events.find_openers(told, uint8(1))
    events.find_points(told, uint8(1))
    events.narrow_ports(int64(1), uint8(256), int64(1), int32(1))


def _services(
    int32: Callable[..., Any], int64: Callable[..., Any], uint8: Callable[..., Any]
) -> a.ServiceTable:
    """One service port that nothing is behind."""
    one, two, none, flags = int32(1), int32(2), int64(0), uint8(2)
    return a.ServiceTable(
        a.ServicePorts(two, one, one, flags, flags, two, none),
        a.Doors(flags, two, two, two, none, two, two, two, two, none, two, two),
        a.BackendTable(two, two, two, two, none, none, two, two, two, two, two),
        a.Listeners(two, two, two, two, two, two),
    )


def _zeros(dtype: type[np.generic]) -> Callable[..., Any]:
    """A maker of zeroed arrays of one type, by shape."""
    return lambda *shape: np.zeros(shape, dtype=dtype)

"""Ways for a Parquet file to say one thing and hold another: each changes an honest one a little, by dice."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy

from tests.flows.accounting.parts import DICTIONARY, HEADERS, Chunk, Page, Parts, as_index
from tests.flows.accounting.thrift import I32, Field, Fields, get, put, write_struct

Lie = Callable[[random.Random, Parts], None]


def lied(dice: random.Random, honest: Parts) -> Parts:
    """A copy with one lie to three."""
    parts = honest.copy()
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3))):
        dice.choice(LIES)(dice, parts)
    return parts


def _other(dice: random.Random, value: int | None) -> int:
    """A number that is not the value, most often near it."""
    value = value or 0
    steps = (1, -1, 2, 7, -value, value, -2 * value - 1, 100, 1 << 20, (1 << 31) - 1 - value)
    return value + (dice.choice(steps) or 1)


def _some(dice: random.Random, parts: Parts) -> tuple[Chunk, int]:
    """A chunk that has pages, and the place of one of them."""
    chunk = dice.choice([chunk for chunk in parts.chunks if chunk.pages] or parts.chunks)
    return chunk, dice.randrange(len(chunk.pages)) if chunk.pages else -1


def _copied(page: Page) -> Page:
    return deepcopy(page)


def count_of_page(dice: random.Random, parts: Parts) -> None:
    chunk, place = _some(dice, parts)
    if place >= 0:
        own = chunk.pages[place].own_header
        put(own, 1, _other(dice, get(own, 1)), I32)


def counts_of_two_pages(dice: random.Random, parts: Parts) -> None:
    """What one counts too many, another counts too few."""
    chunk, _place = _some(dice, parts)
    for page, step in zip(dice.sample(chunk.pages, min(2, len(chunk.pages))), (1, -1), strict=False):
        put(page.own_header, 1, get(page.own_header, 1) + step, I32)


def size_of_page(dice: random.Random, parts: Parts) -> None:
    chunk, place = _some(dice, parts)
    if place >= 0:
        number = dice.choice((2, 3))
        header = chunk.pages[place].header
        put(header, number, _other(dice, get(header, number)), I32)


def kind_of_page(dice: random.Random, parts: Parts) -> None:
    """Another number, under which no header of its own stands, or one that fits."""
    chunk, place = _some(dice, parts)
    if place >= 0:
        header, kind = chunk.pages[place].header, dice.choice((0, 1, 2, 3, 4, -1, 77))
        if dice.random() < 0.5 and kind in HEADERS:
            for one in header:
                one.number = HEADERS[kind] if one.number in HEADERS.values() else one.number
        header[0].value = kind if kind in HEADERS and get(header, HEADERS[kind]) else header[0].value
        if dice.random() < 0.3:
            chunk.pages[place] = Page([Field(1, I32, 1), *header[1:3]], chunk.pages[place].body, 0)
            chunk.inside, chunk.pages = chunk.pages[place].bytes() + chunk.inside, chunk.pages[:place]


def field_twice(dice: random.Random, parts: Parts) -> None:
    """A header that counts twice: readers take the one or the other."""
    chunk, place = _some(dice, parts)
    if place >= 0:
        own = chunk.pages[place].own_header
        own.insert(1, Field(1, I32, _other(dice, get(own, 1))))


def count_of_chunk(dice: random.Random, parts: Parts) -> None:
    metadata = dice.choice(parts.chunks).metadata
    put(metadata, 5, _other(dice, get(metadata, 5)))


def place_of_chunk(dice: random.Random, parts: Parts) -> None:
    """Where it begins, or how long it is."""
    parts.whole()
    chunk = dice.choice(parts.chunks)
    chunk.stale = True
    number = dice.choice((6, 7, 9, 11))
    put(chunk.metadata, number, _other(dice, get(chunk.metadata, number)))


def first_pages_left_out(dice: random.Random, parts: Parts) -> None:
    """The chunk is said to begin with a later page."""
    parts.whole()
    chunk, place = _some(dice, parts)
    size = sum(len(page.bytes()) for page in chunk.pages[:place])
    begin = get(chunk.metadata, 11) or get(chunk.metadata, 9)
    chunk.stale = True
    put(chunk.metadata, 9, begin + size)
    put(chunk.metadata, 7, get(chunk.metadata, 7) - size)
    chunk.metadata[:] = [one for one in chunk.metadata if one.number != 11]


def count_of_group(dice: random.Random, parts: Parts) -> None:
    group = dice.choice(parts.groups)
    put(group, 3, _other(dice, get(group, 3)))


def counts_of_group(dice: random.Random, parts: Parts) -> None:
    """A row group, its chunks and the file agree; its pages do not."""
    group = dice.choice(parts.groups)
    rows = dice.randrange(max(0, get(group, 3)) + 3)
    put(parts.footer, 3, get(parts.footer, 3) - get(group, 3) + rows)
    put(group, 3, rows)
    for said in get(group, 1)[1]:
        put(get(said, 3), 5, rows)


def rows_left_out(dice: random.Random, parts: Parts) -> None:
    """Pages, chunks, row group and file count fewer rows than the last pages of all columns hold."""
    group = dice.choice(parts.groups)
    chunks = [chunk for chunk in parts.chunks if any(chunk.said is said for said in get(group, 1)[1])]
    ends = [chunk.pages[-1] for chunk in chunks if chunk.pages]
    counts = [get(page.own_header, 1) for page in ends if get(page.header, 1) != DICTIONARY]
    if len(counts) < len(parts.chunks) // len(parts.groups) or min(counts) < 1:
        return
    fewer = dice.randint(1, min(counts))
    for page in ends:
        put(page.own_header, 1, get(page.own_header, 1) - fewer)
    for chunk in chunks:
        put(chunk.metadata, 5, get(chunk.metadata, 5) - fewer)
    put(group, 3, get(group, 3) - fewer)
    put(parts.footer, 3, get(parts.footer, 3) - fewer)


def count_of_file(dice: random.Random, parts: Parts) -> None:
    put(parts.footer, 3, _other(dice, get(parts.footer, 3)))


def group_left_out(dice: random.Random, parts: Parts) -> None:
    """Its pages stay where they are."""
    if len(parts.groups) > 1:
        group = parts.groups.pop(dice.randrange(len(parts.groups)))
        put(parts.footer, 3, get(parts.footer, 3) - get(group, 3))


def group_twice(dice: random.Random, parts: Parts) -> None:
    parts.whole()
    group = dice.choice(parts.groups)
    parts.groups.append(group)
    put(parts.footer, 3, get(parts.footer, 3) + get(group, 3))


def chunks_exchanged(dice: random.Random, parts: Parts) -> None:
    """Of one group, in the file or in what the footer says."""
    columns = get(dice.choice(parts.groups), 1)[1]
    one, other = dice.sample(range(len(columns)), 2)
    columns[one], columns[other] = columns[other], columns[one]


def page_twice(dice: random.Random, parts: Parts) -> None:
    chunk, place = _some(dice, parts)
    if place >= 0:
        chunk.pages.insert(dice.randrange(len(chunk.pages) + 1), _copied(chunk.pages[place]))


def page_missing(dice: random.Random, parts: Parts) -> None:
    chunk, place = _some(dice, parts)
    if place >= 0:
        del chunk.pages[place]


def pages_swapped(dice: random.Random, parts: Parts) -> None:
    chunk, place = _some(dice, parts)
    if place >= 0:
        other = dice.randrange(len(chunk.pages))
        chunk.pages[place], chunk.pages[other] = chunk.pages[other], chunk.pages[place]


def page_of_another(dice: random.Random, parts: Parts) -> None:
    """A page of one chunk in another's place."""
    one, place = _some(dice, parts)
    other, there = _some(dice, parts)
    if place >= 0 and there >= 0:
        one.pages[place] = _copied(other.pages[there])


def bytes_between(dice: random.Random, parts: Parts) -> None:
    """Junk, a page, a chunk; before, in or behind a chunk, or at the end; perhaps named as an index."""
    chunk, _place = _some(dice, parts)
    source = dice.choice(parts.chunks)
    pages = source.pages if dice.random() < 0.5 else source.pages[-1:]
    held = b"".join(page.bytes() for page in pages) if dice.random() < 0.7 else dice.randbytes(40)
    if held[:1] == b"\0" or not held:
        held = b"\x15" + held
    where = dice.choice(("before", "inside", "behind", "tail", "trailing"))
    if pages and held == b"".join(page.bytes() for page in pages):
        column = chunk.column if where == "inside" else source.column  # there it may stand for one missing
        parts.hidden.append(Chunk(column, [], [_copied(page) for page in pages]))
    if where in ("tail", "trailing"):
        setattr(parts, where, getattr(parts, where) + held)
    else:
        setattr(chunk, where, getattr(chunk, where) + held)
    if where == "tail" and dice.random() < 0.6:
        as_index(parts, chunk, parts.whole().rindex(held), len(held) + dice.choice((0, 0, 1, -1)))


def zeros_before_pages(dice: random.Random, parts: Parts) -> None:
    """What looks like padding until it ends."""
    chunk, place = _some(dice, parts)
    if place >= 0:
        page = chunk.pages.pop(place)
        chunk.inside = bytes(dice.randrange(1, 9)) + page.bytes()
        if get(page.header, 1) != DICTIONARY:
            parts.hidden.append(Chunk(chunk.column, [], [page]))
            put(chunk.metadata, 5, get(chunk.metadata, 5) - page.values)


def copy_that_differs(dice: random.Random, parts: Parts) -> None:
    """What might be a copy of the chunk's metadata, with other numbers and pages behind it."""
    chunk, _place = _some(dice, parts)
    said: Fields = deepcopy(chunk.said)
    put(get(said, 3), dice.choice((1, 5, 7, 9)), dice.randrange(50))
    chunk.behind += write_struct(said)


LIES: tuple[Lie, ...] = (
    *(count_of_page, counts_of_two_pages, size_of_page, kind_of_page, field_twice, count_of_chunk),
    *(
        place_of_chunk,
        first_pages_left_out,
        count_of_group,
        counts_of_group,
        rows_left_out,
        count_of_file,
        group_left_out,
    ),
    *(group_twice, chunks_exchanged, page_twice, page_missing, pages_swapped, page_of_another),
    *(bytes_between, zeros_before_pages, copy_that_differs),
)

"""JSON -> blocks: records one a line, whatever carried the line, or in lists and over several lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from flowcheck.flows.formats.mapped.forms.blocks import Block, array_of, positions_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.items import objects_of
from flowcheck.flows.logs.text.source import Source


def read_objects(source: Source, wanted: Sequence[str], account: Account) -> Iterator[Block]:
    """A name of ``wanted`` is a key as it stands, or leads into nested objects by its dots."""
    picked = _Picked(wanted)
    for texts in objects_of(source, account):
        numbers: list[int] = []
        records: list[Any] = []
        for number, text in texts:
            record = decoded(picked.decoder, text)
            if record is None:
                account.reject("bad_record", number)
            else:
                numbers.append(number)
                records.append(record)
        if records:
            yield picked.block(numbers, records)


class _Picked:
    """Of a record only what is wanted is decoded."""

    def __init__(self, wanted: Sequence[str]) -> None:
        roots = dict.fromkeys([*wanted, *(name.partition(".")[0] for name in wanted)])
        self._wanted = wanted
        self._places = {name: f"f{place}" for place, name in enumerate(roots)}
        struct = msgspec.defstruct(
            "Record",
            [(place, Any, None) for place in self._places.values()],
            rename={place: name for name, place in self._places.items()},
            gc=False,
        )
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(struct)

    def block(self, numbers: Sequence[int], records: Sequence[Any]) -> Block:
        columns = {}
        for name in self._wanted:
            values = self._values(name, records)
            root, _, rest = name.partition(".")
            if rest and (values is None or None in values):
                values = _filled(values, self._values(root, records), rest.split("."))
            if values is not None:
                columns[name] = array_of(values)
        return Block(positions_of(numbers), columns)

    def _values(self, key: str, records: Sequence[Any]) -> list[Any] | None:
        """Of a key as it stands; None where no record has it."""
        values = list(map(attrgetter(self._places[key]), records))
        return None if values.count(None) == len(values) else values


def _filled(values: list[Any] | None, roots: list[Any] | None, path: Sequence[str]) -> list[Any] | None:
    """The values, those that are missing taken out of nested objects."""
    if roots is None:
        return values
    inner = [_inside(root, path) for root in roots]
    if values is None:
        return None if inner.count(None) == len(inner) else inner
    return [found if value is None else value for value, found in zip(values, inner, strict=True)]


def _inside(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value

"""Pieces of a flow's line, by themselves: what they say of an end, and what stands in their place."""

from __future__ import annotations

import msgspec

from flowcheck.flows.formats.hubble.marks import bits_of, marked_endpoint, marked_service
from flowcheck.flows.formats.hubble.parts import names_of, service_of
from flowcheck.flows.formats.hubble.records import Endpoint, Service
from flowcheck.flows.logs.alike.ends import NO_ADDRESS, Ends
from flowcheck.flows.logs.alike.marks import NAME_MARKS
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.kernels.logs.pieces import ADDRESS, ENDPOINT, KIND_BITS, NOT_KNOWN, UNREAD

_endpoint_decoder = msgspec.json.Decoder(Endpoint, strict=False)
_service_decoder = msgspec.json.Decoder(Service, strict=False)
_encode = msgspec.json.Encoder().encode


def read_piece(ends: Ends, kind: int, text: bytes) -> tuple[int, int]:
    """(bits, number): how its line is read with it, and which end it is; NOT_KNOWN for what has to be read
    with all of its line."""
    if kind == ADDRESS:
        number = ends.address(text.decode())
        return 0, NOT_KNOWN if number == NO_ADDRESS else number
    if kind == ENDPOINT:
        end = decoded(_endpoint_decoder, text)
        return (0, NOT_KNOWN) if end is None else (bits_of(end), ends.names(*names_of(end)))
    service = decoded(_service_decoder, text)
    return 0, NOT_KNOWN if service is None else ends.service(service_of(service))


def mark_of(class_: int, place: int) -> bytes | None:
    """What stands for a piece of a class; None where nothing reads it."""
    kind, bits = class_ >> int(KIND_BITS), class_ & (1 << int(KIND_BITS)) - 1
    if kind == UNREAD:
        return None
    if kind == ADDRESS:
        return NAME_MARKS[place].encode()
    return _encode(marked_endpoint(bits, place) if kind == ENDPOINT else marked_service(place))

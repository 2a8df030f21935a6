"""What programs are written as: the same comes back, and what is damaged is said to be, whatever it holds."""

from __future__ import annotations

import dataclasses
import enum
import io
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from flowcheck.balance.expect.plan import plan_counting
from flowcheck.compile import compile_program
from flowcheck.engines.profiles import apply
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, Anyone, IsA, Kind, Not
from flowcheck.model.timeline import Lifetime
from flowcheck.reading import load_cluster
from flowcheck.runners.program.classes import CLASSES, MODULES, name_of
from flowcheck.runners.program.decoding import DamagedError, Decoder
from flowcheck.runners.program.encoding import Encoder, fields_of
from flowcheck.runners.program.given import give, results_sections, sections_of
from flowcheck.runners.program.stored import Stored, write_sections
from tests.cli.run import ROOT

DATA = ROOT / "data"
SAMPLES = ("cluster", "cilium/cluster", "mesh/cluster")
CLAUSE = Requirement("app", Operator.IN, frozenset({"a", "b"}))
VALUES: dict[str, Any] = {
    "plain": [None, True, 7, -(1 << 63), 1.5, "text", b"bytes", ""],
    "like things": [1, 2, 3],
    "nothing": [(), [], {}, frozenset(), set()],
    "tuples": [(1, "a"), (), (2,)],
    "a tree": AllOf((Not(IsA(Kind.POD)), AllOf(()))),
    "records": [Lifetime(1, 2), Lifetime(3, 4, 5, 6)],
    "records without fields": (Anyone(), Anyone()),
    "one thing several times": [CLAUSE, CLAUSE, Requirement("b", Operator.EXISTS)],
    "keys that are tuples": {("x", "a"): (1,), ("x", "b"): (2, 3)},
    "words": (Kind.POD, Kind.NODE, Kind.POD),
    "a name that is not UTF-8": ["\udcff.yaml", "plain"],
    "numbers of numpy": (np.int64(3), np.bool_(True)),
    "dicts in a list": [{"a": 1, "b": "x"}, {}, {"a": None}],
    "things of several kinds": [CLAUSE, None, (1, 2), CLAUSE, {"a": 1}, None, 7, (3,), "text"],
    "sets of sets": frozenset({frozenset({1}), frozenset({2, 3})}),
}


def there_and_back(value: object) -> Any:
    encoder = Encoder()
    form = msgspec.msgpack.decode(msgspec.msgpack.encode(encoder.encode(value)))
    beside = bytearray(encoder.n_bytes)
    for offset, array in encoder.arrays:
        beside[offset : offset + array.nbytes] = array.tobytes()
    return Decoder(memoryview(beside)).decode(form)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_the_same_comes_back(value: object) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


def test_what_fills_itself_goes_on_to() -> None:
    back = there_and_back(defaultdict(list, {"a": [1]}))
    assert back["b"] == []
    assert back == {"a": [1], "b": []}


def test_one_thing_that_stands_several_times_is_one_again() -> None:
    first, second, _ = there_and_back(VALUES["one thing several times"])
    assert first is second


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.int32).reshape(3, 4),
        np.zeros((0, 2), dtype=np.uint16),
        np.array(7.5),
        np.arange(10, dtype=np.uint64)[::2],
        np.array([True, False]),
    ],
)
def test_arrays_come_back(array: np.ndarray) -> None:
    back = there_and_back({"beside": np.arange(3), "array": array})["array"]
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert (back == array).all()


def test_what_is_no_record_is_not_written() -> None:
    for value in (object(), test_arrays_come_back, Path("."), np.array(["text"]).dtype):
        with pytest.raises(TypeError, match="no class of a program's records"):
            Encoder().encode(value)


def test_all_that_may_be_named_is_data() -> None:
    assert {name_of(kind) for kind in CLASSES.values()} == set(CLASSES)
    assert all(kind.__module__ in {module.__name__ for module in MODULES} for kind in CLASSES.values())
    assert "model.cluster.Pod" in CLASSES


@pytest.fixture(scope="module")
def programs() -> Mapping[str, bytes]:
    """By sample, all that is kept of its program."""
    found = {}
    for sample in SAMPLES:
        cluster = apply(load_cluster([DATA / sample]), Options()).cluster
        program = compile_program(cluster)
        catalog, plan = plan_counting(program, cluster)
        sections = {**sections_of(give(program, plan)), "catalog": catalog, **results_sections(program)}
        file = io.BytesIO()
        write_sections(file, sections)
        found[sample] = file.getvalue()
        assert_same(sections, dict(loaded(found[sample], sections)))
    return found


def loaded(content: bytes, names: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        stored = Stored(file.fileno(), check=True)
        yield from ((name, stored.load(name)) for name in names)


def assert_same(one: Any, other: Any) -> None:
    """Arrays have no truth, and are compared by their bytes."""
    if isinstance(one, str | enum.Enum):
        assert (one, type(one)) == (other, type(other))
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    elif isinstance(one, Mapping):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, tuple | list):
        assert (type(one), len(one)) == (type(other), len(other))
        for mine, theirs in zip(one, other, strict=True):
            assert_same(mine, theirs)
    elif dataclasses.is_dataclass(one) or isinstance(one, msgspec.Struct):
        assert type(one) is type(other)
        for mine, theirs in zip(*map(fields_of(type(one)), (one, other)), strict=True):
            assert_same(mine, theirs)
    else:
        assert one == other


def test_programs_come_back_whole(programs: Mapping[str, bytes]) -> None:
    assert set(programs) == set(SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES)
def test_damage_is_said_and_nothing_else_happens(programs: Mapping[str, bytes], sample: str) -> None:
    """With the checksum made to fit, as someone would who means it."""
    dice, content, said = random.Random(17), programs[sample], 0
    size = int.from_bytes(content[32:36], "little")
    names = msgspec.msgpack.decode(content[36 : 36 + size], type=dict[str, Any])
    for _ in range(100):
        hurt = bytearray(content)
        match dice.randrange(3):
            case 0:
                for _ in range(dice.choice((1, 3, 20))):
                    hurt[dice.randrange(32, len(hurt))] = dice.randrange(256)
            case 1:
                del hurt[dice.randrange(32, len(hurt)) :]
            case _:
                at = dice.randrange(32, len(hurt) - 64)
                hurt[at : at + 16] = hurt[at + 16 : at + 32]
        with tempfile.TemporaryFile() as file:
            file.write(hurt)
            file.flush()
            try:
                stored = Stored(file.fileno())
                for name in names:
                    stored.load(name)
            except DamagedError:
                said += 1
    assert said > 15


FORMS: dict[str, Any] = {
    "no tag": [1, 2],
    "an unknown tag": ["call", "os.system", ["x"]],
    "an unknown class": ["record", "os.system", []],
    "a class of ours that is none of them": ["record", "runners.pool.Pool", [1]],
    "a word for a record": ["record", "model.peers.Kind", ["pod"]],
    "a record for a word": ["word", "model.timeline.Lifetime", "start"],
    "an unknown word": ["word", "model.peers.Kind", "SHIP"],
    "too many fields": ["record", "model.peers.IsA", [1, 2, 3]],
    "too few": ["record", "model.peers.Labelled", [1]],
    "columns of two lengths": ["records", "model.peers.Labelled", 2, [["plain", [1, 2]], ["plain", [1]]]],
    "a number too high": ["same", [0, 2], ["plain", [1, 2]]],
    "a number below": ["same", [-1], ["plain", [1]]],
    "a length too long": ["lists", "tuple", [3], ["plain", [1]]],
    "a length below": ["lists", "tuple", [-1], ["plain", []]],
    "more than lengths": ["lists", "tuple", [0], ["plain", [1]]],
    "a kind too many": ["kinds", [0, 2], [["plain", [1]], ["plain", [2]]]],
    "a kind below": ["kinds", [-1], [["plain", [1]]]],
    "more than kinds take": ["kinds", [0], [["plain", [1, 2]]]],
    "fewer than kinds take": ["kinds", [0, 0], [["plain", [1]]]],
    "dicts of other lengths": ["dicts", [2], ["plain", [1]], ["plain", [1]]],
    "dicts without values": ["dicts", [1], ["plain", [1]], ["plain", []]],
    "dicts by lists": ["dicts", [1], ["list", [["plain", [1]]]], ["plain", [1]]],
    "words by lists": ["words", "model.peers.Kind", [[1]]],
    "keys without values": ["dict", ["plain", [1]], ["plain", []]],
    "keys that are lists": ["dict", ["list", [["plain", [1]]]], ["plain", [1]]],
    "an array past the end": ["array", "<i4", [3], 0],
    "an array before the start": ["array", "<i4", [1], -4],
    "an array of objects": ["array", "|O", [1], 0],
    "an array of text": ["array", "<U1", [1], 0],
    "no type": ["array", "ship", [1], 0],
    "a shape below": ["array", "<i4", [-1, -1], 0],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_form_that_cannot_be_is_refused(form: Any) -> None:
    with pytest.raises(DamagedError):
        Decoder(memoryview(bytearray(8))).decode(form)

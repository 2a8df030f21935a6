"""YAML becomes trees with lines; what readers of YAML disagree about becomes ambiguous; bombs are refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.manifests.text import yaml_events
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml, split_documents
from flowcheck.manifests.text.yaml_scalars import Ambiguous, resolve


def tree(text: str) -> Any:
    (found,) = parse_yaml(text.encode())
    return found[1]


def refusal(text: str) -> YamlError:
    with pytest.raises(YamlError) as caught:
        list(parse_yaml(text.encode()))
    return caught.value


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds with and without libyaml."""
    if request.param == "pure Python":
        monkeypatch.setattr(yaml_events, "_Parser", yaml.SafeLoader)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("80", 80),
        ("-3", -3),
        ("0x1F", 31),
        ("0", 0),
        ("1.20", 1.2),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("2026-02-30", "2026-02-30"),
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("::1", "::1"),
        ("app", "app"),
        ("9" * 65, "9" * 65),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *"yYnN",
        "yes",
        "No",
        "on",
        "OFF",
        "0120",
        "010",
        "00",
        "1:20",
        "12:30:45",
        "8_0",
        "1_000.5",
        "0b11",
        "0o17",
        "+0x1",
        "0x1_0",
        "190:20:30.15",
    ],
)
def test_scalars_that_yaml_1_1_reads_otherwise_are_ambiguous(text: str) -> None:
    assert resolve(text) == Ambiguous(text)
    assert tree(f'a: "{text}"')["a"] == text


def test_lines_of_keys_and_elements_are_known() -> None:
    root = tree("a: 1\nb:\n  - x\n  -\n    c: d\n")
    assert root.lines == {"a": 1, "b": 2}
    assert root["b"].lines == [3, 5]
    assert root["b"][1].lines == {"c": 5}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "has the key `a` twice, first at line 1", 3),
        ("kind: A\na: !!int 1\n", "has a YAML tag", 2),
        ("!x {kind: A}\n", "has a YAML tag", 1),
        ("- kind: A\n  a: !x b\n", "has a YAML tag", 2),
        ("b: &b {}\na:\n  <<: 1\n", "has a merge key `<<` of what is no mapping", 3),
        ("a: &a [{}, 1]\nb: {<<: *a}\n", "has a merge key `<<` of what is no mapping", 2),
        ("a: &a [*a]\n", "has an alias to what it is part of", 1),
        ("a: *b\n", "has an alias to an anchor that stands nowhere before it", 1),
        ("? [a]\n: b\n", "has a key that is a list or a mapping", 1),
        ("[" * 70 + "]" * 70, "is nested deeper than 64 levels", 1),
        ("a: b\n\tc: d\n", "is not YAML", 2),
        ("a: [b\n\n", "is not YAML", 1),
    ],
)
def test_what_is_refused_names_its_line(text: str, message: str, line: int) -> None:
    error = refusal(text)
    assert error.message.startswith(message)
    assert error.line == line


def test_depth_64_is_read() -> None:
    assert tree("[" * 64 + "]" * 64) is not None


def test_deep_nesting_is_refused_without_reading_on() -> None:
    """What is wrong further down is not come to."""
    assert refusal("[\n" * 66 + "@\n").line == 65


def test_aliases_are_followed() -> None:
    assert tree("a: &x {b: [1, 2]}\nc: *x\nd: &y web\ne: *y\n") == {
        "a": {"b": [1, 2]},
        "c": {"b": [1, 2]},
        "d": "web",
        "e": "web",
    }


def test_aliases_that_explode_are_refused() -> None:
    text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    text += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 5))
    assert "100000 nodes" in refusal(text).message


def test_aliases_that_grow_a_document_more_than_tenfold_are_refused() -> None:
    text = "a: &a [" + "1, " * 50 + "]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"
    assert "more than 10 times" in refusal(text).message


def test_tags_of_what_is_no_object_are_passed_over() -> None:
    assert tree("a: !!python/name:b.c\nb: !x [1]\n") == {"a": "", "b": [1]}


def test_merged_keys_give_way_to_own_ones_and_to_earlier_ones() -> None:
    root = tree("a: &a {x: 1, v: 1}\nb: &b {v: 2, z: 2, w: 2}\nc:\n  z: 3\n  <<: [*a, *b]\n  w: 3\n")
    assert root["c"] == {"x": 1, "v": 1, "z": 3, "w": 3}
    assert root["c"].lines == {"x": 1, "v": 1, "z": 4, "w": 6}
    assert tree("a: &a {<<: &b {x: 1}, v: 2}\nc: {<<: *a}\nd: {<<: *b}\n") == {
        "a": {"x": 1, "v": 2},
        "c": {"x": 1, "v": 2},
        "d": {"x": 1},
    }


def test_a_quoted_merge_key_is_a_key() -> None:
    assert tree("a: {'<<': {b: c}, d: <<}") == {"a": {"<<": {"b": "c"}, "d": "<<"}}


def test_merging_stays_within_the_budgets() -> None:
    text = "a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(10)) + "}\n"
    text += "".join(f"a{i}: &a{i} {{<<: *a{i - 1}, n: *a{i - 1}}}\n" for i in range(1, 8))
    assert "grows more than 10 times" in refusal(text).message


def test_a_key_that_stands_twice_tells_what_is_missing() -> None:
    assert "write --- on a line of its own" in refusal("kind: A\nmetadata: {}\nkind: B\n").hint
    error = refusal("a:\n  podSelector:\n  matchLabels: {}\n  namespaceSelector:\n  matchLabels: {}\n")
    assert error.hint.endswith("this one below namespaceSelector")
    assert refusal("a: {kind: 1, kind: 2}\n").hint == "keep one"


def test_an_anchor_in_one_document_is_unknown_in_the_next() -> None:
    (_, first), (_, second) = split_documents(b"a: &a 1\n---\nb: *a\n")
    assert list(parse_yaml(first))
    with pytest.raises(YamlError, match="nowhere before"):
        list(parse_yaml(second))


def test_keys_that_are_not_text_are_ambiguous() -> None:
    assert set(tree("1: a\ntrue: b\nno: c\nnull: d\n'2': e\n")) == {
        Ambiguous("1"),
        Ambiguous("true"),
        Ambiguous("no"),
        Ambiguous("null"),
        "2",
    }


def test_documents_are_cut_at_their_markers() -> None:
    text = b"# head\n%YAML 1.2\n---\na: 1\n...\n--- {b: 2}\n---\n# nothing\n---\nc: |\n  ---\n  d\n"
    assert [line for line, _ in split_documents(text)] == [3, 6, 9]
    parts = [value for line, part in split_documents(text) for _, value in parse_yaml(part, line)]
    assert parts == [{"a": 1}, {"b": 2}, {"c": "---\nd\n"}]


TEXTS = st.text("abc no1:-#'\"\n\t{}[]&*!", max_size=8).filter(lambda text: text not in "ny" or not text)


@given(
    st.recursive(
        st.integers() | st.booleans() | st.none() | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    )
)
def test_what_pyyaml_writes_is_read_back(value: Any) -> None:
    """PyYAML quotes what YAML 1.1 would misread (but for y and n), so nothing it writes is ambiguous."""
    ((_, found),) = parse_yaml(yaml.safe_dump(value).encode())
    assert found == value

"""msgspec's complaints about a value of the wrong type -> problems with field path, line and remedy.

msgspec names the place as ``$.metadata.labels[...]``, without the key of a mapping, and the types in
words of its own. Called by ``Document.decode``; values are never quoted, except ambiguous ones.
"""

from __future__ import annotations

import re
from typing import Any

from flowcheck.manifests.fields import Field, ambiguity, string_fault, type_name
from flowcheck.manifests.text.yaml_scalars import Ambiguous

_STEP = re.compile(r"\.[^.\[\]`]+|\[\d*(?:\.\.\.)?\]")
_EXPECTED = re.compile(r"Expected `([^`]*)`(?:, got `[^`]*`)?$")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


def explain(message: str, root: Field) -> None:
    """Report what msgspec says of a document whose whole content is ``root``."""
    what, _, place = message.partition(" - at ")
    field = root
    for step in _STEP.findall(place.rpartition("`$")[2]):
        field = _follow(field, step)
    problems = root.complaints.problems
    before = len(problems)
    if place.startswith("`key`"):
        field.entries()
    elif expected := _EXPECTED.match(what):
        names = [name for name in expected[1].split(" | ") if name != "null"]
        if names == ["str"]:
            field.report(*string_fault(field.value))
        elif isinstance(field.value, Ambiguous):
            field.report(*ambiguity(field.value))
        else:
            words = " or ".join(_WORDS.get(name, name) for name in names)
            quoted = {"int", "float"} & {*names} and _is_number(field.value)
            hint = "write it without quotes" if quoted else ""
            field.report(f"must be {words}, is {type_name(field.value)}", hint)
    if len(problems) == before:
        field.report(what.replace("`", ""))


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _follow(field: Field, step: str) -> Field:
    """Follow one step of a path; ``[...]`` is some entry of a mapping: the first that is not text."""
    value = field.value
    if isinstance(value, list) and step[1:-1].isdigit():
        return field.child(int(step[1:-1]))
    if not isinstance(value, dict):
        return field
    key = step[1:]
    if step.startswith("["):
        key = next((name for name, entry in value.items() if not isinstance(entry, str)), "")
    if key not in value:
        return field
    return field.child(key)

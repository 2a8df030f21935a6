"""Calico's selector language, cut into tokens, each with its place.

Blanks and tabs part tokens, and nothing else does: a newline is an error. Text in quotes has no escapes, so
one with ``'`` in it stands in ``"``. What follows the name of a label is its operator, so that a label may
be called ``in`` or ``not``.

Source: libcalico-go/lib/selector/tokenizer of Calico v3.32.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

MOST_OF_A_LABEL = 512
_BLANKS = " \t"
_NAME = re.compile(r"[A-Za-z0-9_./-]+")
_CALL = re.compile(r"(has|all|global)\(")
_OPERATOR = re.compile(
    r"(contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in|in)(?![A-Za-z0-9_./-])",
)


class SelectorError(ValueError):
    """A text that is no selector: what is wrong, and at which character, counted from 0."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.message, self.place = message, place


class Kind(StrEnum):
    LABEL = "the name of a label"
    TEXT = "text in quotes"
    EQUAL = "=="
    UNEQUAL = "!="
    IN = "in"
    NOT_IN = "not in"
    CONTAINS = "contains"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    HAS = "has()"
    ALL = "all()"
    GLOBAL = "global()"
    NOT = "!"
    AND = "&&"
    OR = "||"
    OPEN = "("
    CLOSE = ")"
    OPEN_SET = "{"
    CLOSE_SET = "}"
    COMMA = ","
    END = "the end"


class Token(NamedTuple):
    """``value`` is a label's name, or a text without its quotes; ``place`` where it begins."""

    kind: Kind
    place: int
    value: str = ""


_PAIRS = {"==": Kind.EQUAL, "!=": Kind.UNEQUAL, "&&": Kind.AND, "||": Kind.OR}
_SIGNS = {
    one.value: one for one in (Kind.NOT, Kind.OPEN, Kind.CLOSE, Kind.OPEN_SET, Kind.CLOSE_SET, Kind.COMMA)
}
_WORDS = {
    "contains": Kind.CONTAINS,
    "startswith": Kind.STARTS_WITH,
    "endswith": Kind.ENDS_WITH,
    "notin": Kind.NOT_IN,
    "in": Kind.IN,
}
_CALLS = {"has": Kind.HAS, "all": Kind.ALL, "global": Kind.GLOBAL}


def tokens_of(text: str) -> list[Token]:
    """All tokens, the last of which is the end. Raises SelectorError where there is none."""
    found: list[Token] = []
    place = _after_blanks(text, 0)
    while place < len(text):
        token, place = _token(text, place, after_label=bool(found) and found[-1].kind is Kind.LABEL)
        found.append(token)
        place = _after_blanks(text, place)
    return [*found, Token(Kind.END, len(text))]


def _token(text: str, place: int, *, after_label: bool) -> tuple[Token, int]:
    """The token that begins there, and where it ends."""
    sign = text[place]
    if pair := _PAIRS.get(text[place : place + 2]):
        return Token(pair, place), place + 2
    if sign in _SIGNS:
        return Token(_SIGNS[sign], place), place + 1
    if sign in "=&|":
        raise SelectorError(f"expected {sign * 2}", place)
    if sign in "\"'":
        end = text.find(sign, place + 1)
        if end < 0:
            raise SelectorError("this text has no closing quote", place)
        return Token(Kind.TEXT, place, text[place + 1 : end]), end + 1
    if after_label:
        word = _OPERATOR.match(text, place)
        if word is None:
            raise SelectorError("expected an operator, as ==, !=, in or contains", place)
        return Token(_WORDS[re.sub(r"[ \t]", "", word[0])], place), word.end()
    call = _CALL.match(text, place)
    if call is None:
        name = _name(text, place)
        return Token(Kind.LABEL, place, name), place + len(name)
    end = _after_blanks(text, call.end())
    name = _name(text, end) if call[1] == "has" else ""
    end = _after_blanks(text, end + len(name))
    if not text.startswith(")", end):
        raise SelectorError(f"expected ) after {call[0]}", end)
    return Token(_CALLS[call[1]], place, name), end + 1


def _name(text: str, place: int) -> str:
    found = _NAME.match(text, place)
    if found is None:
        raise SelectorError("expected the name of a label", place)
    if len(found[0]) > MOST_OF_A_LABEL:
        raise SelectorError(f"a label's name has at most {MOST_OF_A_LABEL} characters", place)
    return found[0]


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANKS:
        place += 1
    return place

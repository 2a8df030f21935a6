"""The value of a plain scalar in YAML, as YAML 1.2 has it.

Those that readers of YAML 1.1 take for something else (``no``, ``0120``, ``1:20``, ``8_0``) become
:class:`Ambiguous`, which no field accepts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_RESOLVED_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A plain scalar that readers take for different things, or a key that is not text."""

    text: str


_AMBIGUOUS_WORD = re.compile(r"[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF")
_AMBIGUOUS_NUMBER = re.compile(
    r"[-+]?0[0-9_]+|[-+]?0[ob][0-9_]+|[-+]0x[0-9a-fA-F_]+|0x[0-9a-fA-F_]*_[0-9a-fA-F_]*"
    r"|[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|[-+]?[0-9]+\.[0-9]*_[0-9_]*"
    r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
)
_INT = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@lru_cache(maxsize=8192)
def resolve(text: str) -> Any:
    """The value of a plain scalar. Source: YAML 1.2.2 section 10.3.2, and 1.1 where it says otherwise."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > MAX_RESOLVED_LENGTH:
        return text
    if _AMBIGUOUS_WORD.fullmatch(text) or _AMBIGUOUS_NUMBER.fullmatch(text):
        return Ambiguous(text)
    if _INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text.replace(".", "", 1) if text[-1] in "fFnN" else text)
    return text

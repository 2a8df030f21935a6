"""Whether two names mean the same policy: one as a log has it, one as flowcheck writes it."""

from __future__ import annotations

import re

_RULE = re.compile(r"\[.*$|:[0-9]+$")
_DEFAULT = "default-deny by "


def same_policy(recorded: str, decided: str) -> bool:
    """``NetworkPolicy/shop/web`` or ``NetworkPolicy/shop/web:0``, and ``NetworkPolicy/shop/web[ingress[0]]``
    or ``default-deny by NetworkPolicy/shop/web``: rules are counted differently by everyone, and not
    compared. A kind alone stands for any policy of it."""
    one, other = _plain(recorded), _plain(decided)
    return one == (other if "/" in one else other.partition("/")[0])


def _plain(name: str) -> str:
    return _RULE.sub("", name.removeprefix(_DEFAULT))

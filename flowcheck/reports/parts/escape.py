"""Making text from flows, manifests and file names safe to show.

Names come from outside and may hold terminal commands, line breaks that forge a report line,
or characters that reorder or hide text. Used by every text report and by every message.
"""

from __future__ import annotations

import html
import re

_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Characters that Unicode calls printable and that show as nothing."""

_SELECTORS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&commat;"), ("://", "&colon;//"))
"""The last two keep a name from calling a person or becoming a link."""
_MARKDOWN = re.compile(r"([\\`*_\[\]#|~$])")


def escape(text: str) -> str:
    """Write every character that is a control, a direction mark, invisible or half a pair as its escape.

    Not: a backslash is left alone, so the escapes show; they are for eyes, not for decoding.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _shows(c) else _code(c) for c in text)


def escape_cell(text: str) -> str:
    """``escape``, and keep a spreadsheet from taking the cell for a formula."""
    return "'" + escape(text) if text.startswith(_FORMULA) else escape(text)


def escape_markdown(text: str) -> str:
    """``escape``, and keep every character from meaning something to Markdown or HTML."""
    safe = escape(text)
    for character, entity in _ENTITIES:
        safe = safe.replace(character, entity)
    return _MARKDOWN.sub(r"\\\1", safe)


def escape_html(text: str) -> str:
    """``escape``, and keep every character from meaning something to HTML."""
    return html.escape(escape(text))


def _shows(character: str) -> bool:
    return character.isprintable() and character not in _INVISIBLE and _SELECTORS.fullmatch(character) is None


def _code(character: str) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    number = ord(character)
    if known:
        return known
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

"""Text that is not what it should be: other encodings, and what to say where it cannot be read at all.

A file in which nothing says that it is for Kubernetes (``kind``, ``apiVersion``) is left out, broken or not;
a template is named as one; anything else is refused, with the remedy where the fault has a usual cause.

Source: PowerShell about_Character_Encoding (Windows PowerShell's ``>`` writes UTF-16).
"""

from __future__ import annotations

import codecs
import re

from flowcheck.errors import Problem
from flowcheck.manifests.files.paths import Input
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.text.templates import chart_of, may_make_objects, template_problem
from flowcheck.model.places import SourceLocation

NO_OBJECT = "not a Kubernetes object"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_SEPARATOR = re.compile(rb"^(?:--|-{4,}|[ \t]+---|(?:\xe2\x80[\x93\x94])+)[ \t]*\r?$", re.MULTILINE)
"""What people write for ``---``: too few or too many, indented, or what an editor made of it."""


def as_utf8(data: bytes) -> bytes:
    """Text in UTF-8 without its mark; UTF-16 and UTF-32 by their mark, UTF-16 also by its zero bytes.

    Raises: UnicodeDecodeError where it is not in the encoding that it says.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            return rest if encoding == "utf-8" else rest.decode(encoding).encode()
    if len(data) >= 4 and data[1] == data[3] == 0 != data[0]:
        return data.decode("utf-16-le").encode()
    if len(data) >= 4 and data[0] == data[2] == 0 != data[1]:
        return data.decode("utf-16-be").encode()
    return data


def refuse_encoding(item: Input, error: UnicodeDecodeError, journal: Journal) -> None:
    """The text is not in the encoding it should be in."""
    line = item.data.count(b"\n", 0, error.start) + 1
    encoding = error.encoding.upper().removesuffix("-LE").removesuffix("-BE")
    fault = Problem(f"is not {encoding}", hint="save it as UTF-8")
    if encoding == "UTF-8":
        give_up(item, item.data, line, fault, journal)
    else:  # what it says cannot be looked for in such bytes
        journal.refuse_part(SourceLocation(item.name, line), fault.message, fault.hint)


def refuse_yaml(item: Input, part: bytes, first: int, line: int, fault: Problem, journal: Journal) -> None:
    """A document of a YAML stream cannot be read; it begins at line ``first``, the fault is at ``line``."""
    wrong = _NO_SEPARATOR.search(part)
    if wrong is not None and not fault.hint:
        place = first + part.count(b"\n", 0, wrong.start())
        fault = Problem(fault.message, hint=f"line {place} separates nothing: write ---")
    give_up(item, part, line, fault, journal)


def give_up(item: Input, part: bytes, line: int, fault: Problem, journal: Journal) -> None:
    """A part of a file cannot be read."""
    source = SourceLocation(item.name, line)
    template = None
    if item.may_hold_objects or may_make_objects(item.name, part):
        template = template_problem(item.name, part, str(source))
    if template is not None:
        journal.refuse_template(template, chart_of(item.name), source)
    elif item.may_hold_objects:
        journal.refuse_part(source, fault.message, fault.hint)
    else:
        why = fault.message.removeprefix("the document ")
        journal.leave_out(source, f"{NO_OBJECT}: neither apiVersion nor kind, and it {why}")

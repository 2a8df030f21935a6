"""Which format a log has: by what stands at its beginning, never by its name; where that may be two, none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.form import Format
from flowcheck.flows.logs.text.head import Head


class Recognised(NamedTuple):
    """``why``: completes "it is TITLE, for ..."."""

    format: Format
    why: str


def candidates(head: Head, formats: Sequence[Format]) -> list[Recognised]:
    """Every format that a log may have."""
    return [Recognised(format_, why) for format_ in formats if (why := format_.recognise(head))]


def recognise(head: Head, formats: Sequence[Format]) -> Recognised:
    """The one format that a log has.

    **Raises**: FlowFormatError where it is none, or may be several.
    """
    return only(candidates(head, formats), formats)


def only(found: Sequence[Recognised], formats: Sequence[Format]) -> Recognised:
    """The one of them. **Raises**: FlowFormatError where there is none, or several."""
    if len(found) == 1:
        return found[0]
    names = ", ".join(format_.name for format_ in formats)
    if found:
        likely = " or ".join(f"{one.format.title} ({one.why})" for one in found)
        raise FlowFormatError(
            f"cannot tell whether this is {likely}",
            hint=f"say --from {' or --from '.join(one.format.name for one in found)}",
        )
    raise FlowFormatError("cannot tell what this is", hint=f"say --from one of: {names}")


def named(name: str, head: Head, formats: Sequence[Format]) -> Recognised:
    """The format that was asked for, unless the log is surely another.

    **Raises**: FlowFormatError saying which it looks like.
    """
    wanted = next(format_ for format_ in formats if format_.name == name)
    if not wanted.needs_mapping and not wanted.recognise(head):
        for other in formats:
            if other is not wanted and (why := other.recognise(head)):
                raise FlowFormatError(
                    f"looks like {other.title}, not {wanted.title}: {why}", hint=f"say --from {other.name}"
                )
    return Recognised(wanted, "it was asked for")

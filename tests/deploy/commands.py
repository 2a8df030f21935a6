"""Commands of flowcheck's in texts that people copy: the command line takes them as they stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

from flowcheck.cli.main import COMMANDS, group

_BLOCK = re.compile(r"^( *)```\w*\n(.*?)^\1```$", re.M | re.S)
_INDENTED = re.compile(r"(?:^ {4}\S.*\n)+", re.M)
_STARTS = re.compile(rf"(?:^|[|(&;] *)(?:\S*bin/)?(flowcheck (?:{'|'.join(COMMANDS)})(?: .*|$))")
_ENDS = {"|", ">", ">>", "<", "&&", "||", ";", "2>&1", "&", ")"}


def fenced(markdown: str) -> Iterator[str]:
    """The commands in a page's blocks."""
    for found in _BLOCK.finditer(markdown):
        yield from commands(found[2])
    for found in _INDENTED.finditer(_BLOCK.sub("", markdown)):
        yield from commands(found[0])


def commands(text: str) -> Iterator[str]:
    """A command may go on in lines that begin further in, or after a backslash, or in quotes."""
    lines = text.replace("\\\n", " ").splitlines()
    while lines:
        line = lines.pop(0)
        found = _STARTS.search(line.strip())
        if found is None:
            continue
        whole = found[1]
        indent = len(line) - len(line.lstrip())
        while lines and (_is_open(whole) or len(lines[0]) - len(lines[0].lstrip()) > indent):
            whole += " " + lines.pop(0).strip()
        yield whole


def _is_open(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return True
    return False


def words(command: str) -> list[str]:
    """Up to where the shell takes over, or an explanation begins."""
    found = shlex.split(re.split(" {3,}", command)[0], comments=True)
    ends = [place for place, word in enumerate(found) if word in _ENDS or word.startswith(">")]
    return found[1 : ends[0] if ends else len(found)]


def fault(arguments: list[str]) -> str:
    """Why the command line would not take them; empty: it would. A synopsis is no command."""
    if any(word.startswith("[") for word in arguments):
        return ""
    try:
        context = group.make_context("flowcheck", arguments[:1], resilient_parsing=True)
        command = group.get_command(context, arguments[0])
        assert command is not None
        command.make_context(arguments[0], arguments[1:], parent=context)
    except click.exceptions.Exit:
        return ""
    except click.UsageError as error:
        return error.format_message()
    return ""

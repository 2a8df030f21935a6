"""The file named by --config: YAML with option names as keys, for all commands or under one command's name.

    fail-on: unresolved
    audit:
      cluster: [cluster/]

A key that no command has as an option is refused: a typo must not quietly change what a run checks.
"""

from __future__ import annotations

from typing import Any

import click

from flowcheck.errors import RunError
from flowcheck.opening import read_file

MOST_BYTES = 1 << 20


def read_config(path: str, command: click.Command) -> dict[str, Any]:
    """The values of ``command``'s options in the file, keyed as click wants its defaults.

    Raises: RunError when the file cannot be read or holds something that is no option.
    """
    content = dict(_load(path))
    section = content.pop(command.name or "", {})
    if not isinstance(section, dict):
        raise RunError(f"{command.name} must hold option names and values", where=path)
    known = _option_names(command)
    values = {}
    for key, value in [*content.items(), *section.items()]:
        option = known.get(str(key).replace("_", "-"))
        if option is None:
            if key in content and _is_of_another_command(str(key)):
                continue
            raise RunError(
                f"{str(key)!r} is not an option of {command.name}",
                where=path,
                hint=f"see flowcheck {command.name} --help",
            )
        values[option.name or ""] = _as_words(option, value, path)
    return values


def _load(path: str) -> dict[Any, Any]:
    from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml

    try:
        documents = [tree for _line, tree in parse_yaml(read_file(path, MOST_BYTES))]
    except OSError as error:
        raise RunError(f"cannot read: {error.strerror}", where=path) from error
    except YamlError as fault:
        raise RunError(fault.message, where=f"{path}:{fault.line}", hint=fault.hint) from fault
    content = documents[0] if documents else None
    if content is None:
        return {}
    if len(documents) > 1 or not isinstance(content, dict):
        raise RunError("must be one mapping of option names to values", where=path)
    return content


def _option_names(command: click.Command) -> dict[str, click.Option]:
    """Options by their long name without dashes; --config cannot name another file."""
    return {
        name.removeprefix("--"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name != "config"
        for name in parameter.opts
        if name.startswith("--")
    }


def _is_of_another_command(key: str) -> bool:
    """Whether a key at the top is a command's section, or an option of some other command."""
    root = click.get_current_context().find_root()
    group = root.command
    if not isinstance(group, click.Group):
        return False
    names = group.list_commands(root)
    if key in names:
        return True
    commands = (group.get_command(root, name) for name in names)
    return any(key.replace("_", "-") in _option_names(command) for command in commands if command)


def _as_words(option: click.Option, value: Any, path: str) -> Any:
    """A value as it would stand on the command line."""
    if isinstance(value, list) and option.multiple:
        return [_as_word(option, item, path) for item in value]
    return [_as_word(option, value, path)] if option.multiple else _as_word(option, value, path)


def _as_word(option: click.Option, value: Any, path: str) -> Any:
    """A switch takes true or false; anything else is text, also where YAML readers differ (``no``)."""
    from flowcheck.manifests.text.yaml_scalars import Ambiguous

    name = option.opts[-1].removeprefix("--")
    if option.is_flag:
        if isinstance(value, bool):
            return value
        raise RunError(f"{name} must be true or false", where=path)
    if isinstance(value, Ambiguous):
        return value.text
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RunError(f"{name} cannot hold such a value", where=path)
    return str(value)

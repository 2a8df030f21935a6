"""flowcheck completion: the script that teaches a shell to complete flowcheck's commands and options."""

from __future__ import annotations

import click

from flowcheck.cli.words.options import CONTEXT


@click.command("completion", context_settings=CONTEXT)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script of a shell.

    \b
    eval "$(flowcheck completion bash)"
    """
    from click.shell_completion import get_completion_class

    from flowcheck.cli.main import group

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(complete(group, {}, "flowcheck", "_FLOWCHECK_COMPLETE").source())
    return 0

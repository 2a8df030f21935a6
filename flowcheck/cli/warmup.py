"""flowcheck warmup: compile the kernels into the cache, so that the first audit does not wait for it."""

from __future__ import annotations

import time

import click

from flowcheck.cli.words.options import CONTEXT, QUIET, messages, options


@click.command("warmup", context_settings=CONTEXT)
@options(QUIET)
@click.pass_context
def command(context: click.Context, /) -> int:
    """Compile the kernels into the cache, when building an image or before many short jobs.

    \b
    flowcheck warmup
    """
    from flowcheck.errors import RunError
    from flowcheck.kernels.cached.folder import cache_directory
    from flowcheck.kernels.warmup import warmup

    began = time.monotonic()
    speech = messages(context)
    warmup(lambda name, number, of: speech.say(f"compiling {name} ({number} of {of})"))
    folder = cache_directory()
    if folder is None:
        raise RunError(
            "there is no safe place for a cache: every run compiles the kernels afresh",
            hint="flowcheck doctor says why",
        )
    from flowcheck.reports.parts.escape import escape

    click.echo(f"kernels compiled in {time.monotonic() - began:.1f} s; cache: {escape(str(folder))}")
    return 0

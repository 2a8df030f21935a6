"""The group of commands and the error boundary: every way a run can end becomes one exit code here.

Commands are imported when named, and import the engine inside their function: ``--help`` must not
pay for it. Click's own ``main`` is not used, as it ends a broken pipe and an interrupt with 1.
"""

from __future__ import annotations

import errno
import gc
import os
import select
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import NoReturn, TextIO

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.words.messages import Messages
from flowcheck.errors import FlowcheckError
from flowcheck.runners.alone import end_libraries_with, leave_out_pandas
from flowcheck.shortages import shortage_error
from flowcheck.signals import SENTENCE, Signals
from flowcheck.version import __version__

COMMANDS = {
    "audit": "Judge recorded flows against the policies of a cluster.",
    "diff": "Show which recorded flows other policies would stop, or let through.",
    "load": "Show how evenly Services spread their connections, and which endpoints stand out.",
    "convert": "Turn flow logs of any supported format into canonical Parquet.",
    "explain": "Say why one end may or may not talk to another, and what would change it.",
    "matrix": "Show who may reach whom, by port: all workloads, and addresses outside; no flows needed.",
    "rules": "Tell which policy rules do nothing, or were never hit, and who is protected by nothing.",
    "suggest": "Suggest the least policies that allow what was seen and deny the rest.",
    "verify": "Read a result folder again and say whether it still is what an audit wrote.",
    "query": "Ask a question in SQL about a result folder.",
    "snapshot": "Save what an audit needs of a cluster, as its API server tells it; once, or as it changes.",
    "inventory": "Turn snapshots, watch streams and audit logs into one table of who had which address when.",
    "demo": "Write a small sample cluster and its flows, audit it, show the report.",
    "warmup": "Compile the kernels into the cache, for images and jobs.",
    "doctor": "Show versions, cache, cores, and what would be slow or fail, and why.",
    "completion": "Print the shell completion script.",
}
COLLECTIONS = 100_000, 1_000_000, 1_000_000
"""Thresholds of the garbage collector: Python's own walk a cluster over and over, a sixth of an audit."""
_OUTPUT_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class Commands(click.Group):
    """The commands, written out above; a command's module is ``flowcheck.cli.<name>``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"flowcheck.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A word that is no command gets the nearest that is one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, 1)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}; {advice}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 complete and clean, 1 violations found, 2 usage or manifest error "
    "(nothing judged), 3 incomplete, 4 an output could not be written, 5 internal error.",
)
@click.version_option(__version__, prog_name="flowcheck", message="%(prog)s %(version)s")
def group() -> None:
    """Audit recorded network flows against Kubernetes NetworkPolicies."""


def run() -> NoReturn:
    """The command line as a process of its own."""
    leave_out_pandas()
    if sys.getprofile() is not None or sys.gettrace() is not None:
        sys.exit(main())
    end_libraries_with(Exit.USAGE, "error: a library ended the run, as where there is not enough memory\n")
    # All is written: to free a cluster's millions of objects one by one takes a second for nothing.
    os._exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; never raises."""
    gc.set_threshold(*COLLECTIONS)
    messages = Messages()
    with warnings.catch_warnings():
        warnings.showwarning = partial(_show_warning, messages)
        code = _guarded(list(sys.argv[1:] if arguments is None else arguments), messages)
    return _flushed(code, messages)


def _show_warning(
    messages: Messages, warning: Warning | str, category: type[Warning], *_place: object, **_more: object
) -> None:
    """Warnings raised in the engine are for everyone; those of libraries only for who asked with -v."""
    if issubclass(category, UserWarning):
        messages.warning(str(warning))
    else:
        messages.note(f"{category.__name__}: {warning}")


def _guarded(arguments: list[str], messages: Messages) -> int:
    """A run's exit code. After a signal it is that of the signal, whatever else went wrong on the way out."""
    signals = Signals()
    try:
        with signals.heard():
            return _run(arguments, messages)
    except BaseException as error:
        if signals.came is None:
            return _told(error, messages)
        messages.failure(signals.told(error))
        return signals.code


def _told(ended: BaseException, messages: Messages) -> int:
    """Tell of what ended the run; returns the exit code."""
    try:
        raise ended
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        messages.failure(*_usage(error))
        return Exit.USAGE
    except FlowcheckError as error:
        if isinstance(error.__cause__, BrokenPipeError) and _is_reader_gone():
            return Exit.PIPE_CLOSED
        messages.error(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        messages.failure(SENTENCE.format("interrupted"))
        return Exit.INTERRUPTED
    except BrokenPipeError:
        if _is_reader_gone():
            return Exit.PIPE_CLOSED
        messages.failure("standard output was closed before the report was written")
        return Exit.OUTPUT
    except Exception as error:  # the boundary: a bug must not look like a finding (exit code 1)
        if isinstance(error, OSError) and error.errno in _OUTPUT_FULL:
            messages.failure(f"cannot write: {error.strerror}")
            return Exit.OUTPUT
        if missing := shortage_error(error, "the run cannot go on"):
            messages.error(missing)
            return missing.exit_code
        messages.failure(*_internal(error, messages.verbosity > 0))
        return Exit.INTERNAL


def _run(arguments: list[str], messages: Messages) -> int:
    if not arguments and "_FLOWCHECK_COMPLETE" not in os.environ:
        click.echo(group.get_help(click.Context(group, info_name="flowcheck")), err=True)
        return Exit.USAGE
    if instruction := os.environ.get("_FLOWCHECK_COMPLETE"):
        from click.shell_completion import shell_complete

        return shell_complete(group, {}, "flowcheck", "_FLOWCHECK_COMPLETE", instruction)
    with group.make_context("flowcheck", arguments, obj=messages) as context:
        code = group.invoke(context)
        return int(code or 0)


def _usage(error: click.ClickException) -> list[str]:
    if not isinstance(error, click.UsageError):
        return [error.format_message()]
    command = error.ctx.command_path if error.ctx else "flowcheck"
    return [error.format_message(), f"try '{command} --help'"]


def _internal(error: Exception, whole: bool) -> list[str]:
    """What to report of a bug: its type and its place in our code, never its message: that may hold input."""
    import hashlib

    frames = _frames(error.__traceback__)
    place = frames[-1] if frames else "an unknown place"
    kind = type(error).__name__
    identity = hashlib.sha256(f"{__version__} {kind} {place}".encode()).hexdigest()[:12]
    advice = f"this is a bug in flowcheck {__version__}; please report it with the id {identity}"
    lines = [f"internal error: {kind} at {place}", advice + ("" if whole else " and what -v adds here")]
    return lines + frames if whole else lines


def _frames(trace: TracebackType | None) -> list[str]:
    """The places in flowcheck's own code an exception came through, innermost last."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(package + os.sep):
            path = os.path.relpath(code.co_filename, os.path.dirname(package))
            frames.append(f"{path}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    return frames


def _flushed(code: int, messages: Messages) -> int:
    """Flush standard output while its failure can still be told: an unwritten result is 4, never 0."""
    error = _flush(sys.stdout)
    if error is not None and code in (Exit.CLEAN, Exit.VIOLATIONS, Exit.INCOMPLETE):
        if isinstance(error, BrokenPipeError):
            code = Exit.PIPE_CLOSED
        else:
            cause = getattr(error, "strerror", None) or "closed"
            messages.failure(f"cannot write to standard output: {cause}")
            code = Exit.OUTPUT
    _flush(sys.stderr)
    return code


def _is_reader_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more, as after ``| head``: no fault, and 141 as
    for any program that SIGPIPE ends."""
    watch = select.poll()
    with suppress(OSError, ValueError, AttributeError):
        watch.register(sys.stdout.fileno(), 0)
        return any(event & select.POLLERR for _, event in watch.poll(0))
    return False


def _flush(stream: TextIO | None) -> Exception | None:
    """Flush a stream. What it cannot take is thrown away, or Python would try again and end with 120."""
    if stream is None:
        return None
    try:
        stream.flush()
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return error
    return None

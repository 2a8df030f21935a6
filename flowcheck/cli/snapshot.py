"""flowcheck snapshot: ask an API server for what an audit needs, once or as it changes, and write it."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.words.options import CONTEXT, SPEECH, messages, options
from flowcheck.cli.words.values import Duration, Size
from flowcheck.counted import counted

if TYPE_CHECKING:
    from flowcheck.cli.words.messages import Messages
    from flowcheck.live.server import ApiServer
    from flowcheck.live.snapshot import Snapshot


@click.command("snapshot", context_settings=CONTEXT)
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    metavar="FILE",
    help="The file to write; in a folder (FOLDER/) one that is named by the time.",
)
@click.option(
    "--watch",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Go on, and write each change to files in this folder, until a signal ends it.",
)
@click.option(
    "--kubeconfig",
    metavar="FILE",
    help="How the API server is reached.  [default: KUBECONFIG, ~/.kube/config, else the pod's own account]",
)
@click.option("--context", "cluster_context", metavar="NAME", help="Of the kubeconfig, if not its current.")
@click.option(
    "--rotate-size",
    type=Size(),
    default="256MiB",
    show_default=True,
    help="With --watch: begin another file where one is larger.",
)
@click.option(
    "--rotate-after",
    type=Duration(),
    default="24h",
    show_default=True,
    help="With --watch: begin another file where one is older.",
)
@options(SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Save the objects and fields of a cluster that an audit goes by, of every policy language that is
    installed: no Secrets, no environment.

    \b
    flowcheck snapshot -o cluster.json
    flowcheck audit flows/ --cluster cluster.json
    flowcheck snapshot --watch cluster/ --context prod
    flowcheck audit flows/ --cluster cluster/

    Nothing is written to the cluster; deploy/rbac.yaml is the role that suffices. What may not be read is
    said, noted in the file, and makes the exit code 3, here and of the audits.
    """
    if (given["out"] is None) == (given["watch"] is None):
        raise click.UsageError("give -o FILE for a snapshot, or --watch DIR to go on")
    from flowcheck.live.connecting import Connection
    from flowcheck.live.server import ApiServer

    speech = messages(context)
    out = None if given["out"] is None else _checked(given["out"])
    server = ApiServer(Connection(given["kubeconfig"], given["cluster_context"]))
    if out is not None:
        return _once(server, out, speech)
    after = given["rotate_after"] // timedelta(microseconds=1)
    _on_and_on(server, given["watch"], given["rotate_size"], after, speech)
    return Exit.CLEAN


def now() -> int:
    return time.time_ns() // 1000


def _check_clock(server: ApiServer, speech: Messages) -> None:
    from flowcheck.live.snapshot import clock_ahead

    if seconds := clock_ahead(server, now()):
        behind = "ahead of" if seconds > 0 else "behind"
        speech.warning(
            f"this machine's clock is {abs(seconds):.0f} s {behind} the API server's, and what was seen has "
            "its times: set it right, or audit with a --skew that large"
        )


def _checked(given: str) -> Path:
    """Where to write, after what is bound to fail has: before the cluster is asked for anything. A folder may
    be new."""
    from flowcheck.writing import output_errors, refuse_unwritable

    out = Path(given)
    with output_errors(out):
        if given.endswith("/"):
            out.mkdir(mode=0o700, exist_ok=True)
        refuse_unwritable(out / "-" if out.is_dir() else out)
    return out


def _once(server: ApiServer, out: Path, speech: Messages) -> int:
    from flowcheck.live.snapshot import file_name, take
    from flowcheck.writing import atomic_write

    snapshot = take(server, now)
    _check_clock(server, speech)
    path = out / file_name(snapshot) if out.is_dir() else out
    atomic_write(path, snapshot.write)
    _tell(snapshot, path, speech)
    return Exit.INCOMPLETE if snapshot.missing else Exit.CLEAN


def _on_and_on(server: ApiServer, folder: Path, size: int, after: int, speech: Messages) -> None:
    """Until a signal ends it, or the folder cannot be written to."""
    from flowcheck.live.watching.watch import open_watch
    from flowcheck.signals import Terminated

    watch = open_watch(server, folder, now, size, after, speech.warning)
    try:
        watch.begin()
        _check_clock(server, speech)
        for one in watch.record.missing.values():
            speech.warning(
                f"not in the watch: {one.kind} {one.reason}; deploy/rbac.yaml allows all that is read"
            )
        known = sum(len(one.objects) for one in watch.record.followed.values())
        speech.say(f"{watch.record.files.path}: {counted(known, 'object')}, and now what changes")
        watch.run()
    except Terminated:
        raise Terminated(f"what was told is in {folder}, and the same command goes on from there") from None
    finally:
        watch.end()


def _tell(snapshot: Snapshot, path: Path, speech: Messages) -> None:
    from flowcheck.model.instants import SECOND

    for one in snapshot.missing:
        speech.warning(f"not in the snapshot: {one.kind} {one.reason}")
    if snapshot.missing:
        speech.warning("so it is incomplete: deploy/rbac.yaml allows all that is read")
    seconds = (snapshot.until - snapshot.taken) / SECOND
    speech.say(
        f"{path}: {counted(snapshot.counts.total(), 'object')} of {counted(len(snapshot.counts), 'kind')}"
        f", Kubernetes {snapshot.server or 'of a version that it does not tell'}, in {seconds:.1f} s"
    )
    for title, number in sorted(snapshot.counts.items()):
        speech.note(f"{number:,} {title}")
    if snapshot.absent:
        speech.note(f"not installed: {', '.join(snapshot.absent)}")
    if seconds > 2:
        speech.say(f"while it was taken things may have changed: audit with --skew {seconds + 1:.0f}s")

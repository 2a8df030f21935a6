"""Where an audit's cluster comes from: a cluster that somebody has, or paths that are read and may be
known."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from threading import Thread
from typing import NamedTuple

from flowcheck.errors import ManifestError
from flowcheck.manifests.files.paths import At, PathLike, read_inputs
from flowcheck.manifests.journal import Journal
from flowcheck.model.cluster import Cluster
from flowcheck.version import PACKAGE, __version__

THREAD = "flowcheck-cluster"
"""The name of the thread that reads a cluster beforehand."""


class Identity(NamedTuple):
    """``digest``: the SHA-256 of all that decides what is loaded. ``inputs``: that of each file, by its name,
    as :class:`flowcheck.model.cluster.Cluster` has those that it was read from."""

    digest: str
    inputs: dict[str, str]


@dataclass(frozen=True)
class ClusterSource:
    """Paths and how to read them, as :func:`flowcheck.reading.load_cluster` takes them, which is to be
    ``read``. ``inspect`` may refuse the cluster before a flow is read; None: nothing is asked of it."""

    paths: tuple[PathLike, ...]
    read: Callable[..., Cluster]
    policies: tuple[PathLike, ...] = ()
    replace_policies: bool = False
    apply_policies: bool = False
    timeless_policies: bool = False
    keep_going: bool = False
    at: At = None
    inspect: Callable[[Cluster], None] | None = None

    def load(self) -> Cluster:
        return self.read(
            self.paths,
            policies=self.policies,
            replace_policies=self.replace_policies,
            apply_policies=self.apply_policies,
            timeless_policies=self.timeless_policies,
            keep_going=self.keep_going,
            at=self.at,
        )

    def identity(self) -> Identity | None:
        """What is to be read, how, and by which code. None for standard input, which cannot be read twice,
        and for what cannot be read at all."""
        return self._identified.result()

    def begin(self) -> None:
        """Read and hash its files by a thread, beside what is done until :meth:`identity` is asked for."""
        _ = self._identified

    @cached_property
    def _identified(self) -> Future[Identity | None]:
        found: Future[Identity | None] = Future()

        def identify() -> None:
            try:
                found.set_result(self._identify())
            except BaseException as error:
                found.set_exception(error)

        Thread(target=identify, name=THREAD, daemon=True).start()
        return found

    def _identify(self) -> Identity | None:
        if "-" in (*self.paths, *self.policies):
            return None
        digest, inputs = hashlib.sha256(), dict[str, str]()
        try:
            for paths, at in ((self.paths, self.at), (self.policies, None)):
                journal = Journal()
                for item in read_inputs(paths, journal, at):
                    said = (item.name, item.time, item.named, journal.inputs[item.name])
                    digest.update(repr(said).encode("utf-8", "backslashreplace"))
                inputs |= journal.inputs
                digest.update(repr((journal.unread, journal.skipped)).encode("utf-8", "backslashreplace"))
                if journal.problems:
                    return None
        except (ManifestError, OSError):
            return None
        taken = self.replace_policies, self.apply_policies, self.timeless_policies
        how = (*map(str, self.paths), self.policies, *taken, self.keep_going, self.at)
        digest.update(repr((how, *_code())).encode("utf-8", "backslashreplace"))
        return Identity(digest.hexdigest(), inputs)


@dataclass(frozen=True)
class LoadedCluster:
    """A cluster that is there already; nothing of it is kept."""

    cluster: Cluster
    inspect: Callable[[Cluster], None] | None = None

    def load(self) -> Cluster:
        return self.cluster

    def identity(self) -> Identity | None:
        return None


@cache
def _code() -> tuple[str, ...]:
    """What another version of would load, or compile, something else."""
    digest = hashlib.sha256()
    for source in sorted(PACKAGE.rglob("*.py")):
        digest.update(source.read_bytes())
    return __version__, sys.version, metadata.version("numpy"), digest.hexdigest()

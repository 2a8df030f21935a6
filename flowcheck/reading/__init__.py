"""Paths -> the cluster that an audit is made against, with its policies: the composition of the left side."""

from __future__ import annotations

from collections.abc import Iterable

from flowcheck.dialects.telling import GivesWay, is_policy, named_as, no_policy
from flowcheck.history.dated import timeless
from flowcheck.history.inventory.recording import Recording
from flowcheck.manifests.files.paths import At, PathLike
from flowcheck.model.cluster import Cluster
from flowcheck.reading.loader import Loader
from flowcheck.uncollected import uncollected


@uncollected()
def load_cluster(
    paths: Iterable[PathLike] | PathLike,
    *,
    policies: Iterable[PathLike] | PathLike = (),
    replace_policies: bool = False,
    apply_policies: bool = False,
    timeless_policies: bool = False,
    keep_going: bool = False,
    at: At = None,
) -> Cluster:
    """Read the cluster under ``paths``: files, folders, or ``-`` for standard input.

    Each may be of another time: snapshots whose file's or folder's name tells when they were taken (else
    ``at``: microseconds since 1970, or "mtime", each file's), watch streams, audit logs. What has no time
    holds for all times.

    ``policies`` are read in addition; with ``replace_policies`` they take the place of the policies under
    ``paths``, with ``apply_policies`` of those of the same name alone; with ``timeless_policies`` those of
    files whose names tell a time hold for all times, too. Of any other object that both hold, the one under
    ``paths`` stands. With ``keep_going`` documents with problems are left out, and listed in ``skipped`` with
    a reason that begins "refused: ".

    Raises:
        ManifestError: something could not be read, or would be refused by the API server; ``problems``
            has all of it. :class:`PolicyError` where only policies are wrong.
    """
    loader = Loader()
    applied = loader.documents(policies)
    applied = timeless(applied) if timeless_policies else applied
    gives_way: GivesWay = is_policy if replace_policies else no_policy
    if apply_policies:
        applied = list(applied)
        gives_way = named_as(dated.document for dated in applied)
    loader.read_all(loader.documents(paths, at), gives_way)
    loader.gathering.beside_the_cluster = True
    loader.read_all(applied)
    return loader.finish(keep_going=keep_going)


def load_recording(
    paths: Iterable[PathLike] | PathLike, *, keep_going: bool = False, at: At = None
) -> Recording:
    """Read a cluster as ``load_cluster`` does, with all that an inventory keeps of it."""
    loader = Loader(texts={})
    loader.read_all(loader.documents(paths, at))
    return Recording(loader.finish(keep_going=keep_going), loader.namespaces, loader.texts or {})

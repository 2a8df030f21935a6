"""A cluster, and the same with other policies: what both have is read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from itertools import chain

from flowcheck.dialects.telling import GivesWay, is_policy, named_as
from flowcheck.history.dated import Dated, timeless
from flowcheck.manifests.files.paths import At, PathLike
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster
from flowcheck.reading.loader import Loader
from flowcheck.uncollected import uncollected


@uncollected()
def load_both(
    paths: Iterable[PathLike],
    *,
    policies: Iterable[PathLike],
    apply_policies: bool = False,
    keep_going: bool = False,
    at: At = None,
) -> tuple[Cluster, Cluster]:
    """What :func:`flowcheck.reading.load_cluster` makes of ``paths``, and of them with timeless ``policies``
    that are applied, or take the place of all.

    Policies are read after all else. Where anything has a time, or a policy has no name, so that it is given
    one by its place, the second is read by itself.

    **Raises**: ManifestError, as that does.
    """
    paths, policies = list(paths), list(policies)
    loader = Loader()
    documents = iter(loader.documents(paths, at))
    own, odd = _read_all_but_policies(loader, documents)
    if odd is not None:
        loader.read_all(chain(own, [odd], documents))
        before = loader.finish(keep_going=keep_going)
        how = {"replace_policies": not apply_policies, "apply_policies": apply_policies}
        return before, load_cluster(
            paths, policies=policies, **how, timeless_policies=True, keep_going=keep_going, at=at
        )
    other = loader.fork()
    applied = list(timeless(other.documents(policies)))
    gives_way: GivesWay = is_policy
    if apply_policies:
        gives_way = named_as(dated.document for dated in applied)
    other.read_all([_afresh(dated) for dated in own], gives_way)
    other.gathering.beside_the_cluster = True
    loader.read_all(own)
    other.read_all(applied)
    return loader.finish(keep_going=keep_going), other.finish(keep_going=keep_going)


def _read_all_but_policies(loader: Loader, documents: Iterator[Dated]) -> tuple[list[Dated], Dated | None]:
    """The policies, and the first document that cannot be read for both, with which it ended."""
    own: list[Dated] = []
    for dated in documents:
        is_own = is_policy(dated.document)
        if dated.when is not None or dated.kept is not None or (is_own and not dated.document.name):
            return own, dated
        if is_own:
            own.append(dated)
        else:
            loader.read(dated)
    return own, None


def _afresh(dated: Dated) -> Dated:
    """The same, for another who reads it: with complaints of its own."""
    document = copy(dated.document)
    document.problems, document.warnings = [*document.problems], [*document.warnings]
    document.oddities = [*document.oddities]
    return dated._replace(document=document)

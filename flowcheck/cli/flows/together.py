"""Both clusters of a comparison that differ in policies alone, read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowcheck.manifests.files.paths import At, PathLike
    from flowcheck.model.cluster import Cluster


class Together:
    """Reads for two sources (:class:`~flowcheck.runners.program.source.ClusterSource`) of the same paths, the
    second with timeless policies of its own. Where the first is read, the second need not be."""

    def __init__(self, policies: Sequence[PathLike], *, apply: bool) -> None:
        self._policies, self._apply = policies, apply
        self._after: Cluster | None = None

    def before(
        self, paths: Sequence[PathLike], *, keep_going: bool = False, at: At = None, **_: object
    ) -> Cluster:
        """**Raises**: ManifestError of either."""
        from flowcheck.reading.both import load_both

        cluster, self._after = load_both(
            paths, policies=self._policies, apply_policies=self._apply, keep_going=keep_going, at=at
        )
        return cluster

    def after(self, paths: Sequence[PathLike], **how: object) -> Cluster:
        """**Raises**: ManifestError."""
        from flowcheck.reading import load_cluster

        cluster, self._after = self._after, None
        return cluster or load_cluster(paths, **how)  # type: ignore[arg-type] # as its source gives them

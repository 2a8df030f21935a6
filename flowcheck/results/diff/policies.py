"""Which policies differ between two clusters, by their names."""

from __future__ import annotations

from collections import defaultdict

from flowcheck.history.sameness import unplaced
from flowcheck.model.cluster import Cluster
from flowcheck.results.records.diff import PolicyChanges


def compare_policies(before: Cluster, after: Cluster) -> PolicyChanges:
    """Those that say the same at all times are the same, wherever they are written."""
    was, now = _by_name(before), _by_name(after)
    both = sorted(was.keys() & now.keys())
    changed = tuple(name for name in both if was[name] != now[name])
    return PolicyChanges(
        added=tuple(sorted(now.keys() - was.keys())),
        removed=tuple(sorted(was.keys() - now.keys())),
        changed=changed,
        same=len(both) - len(changed),
    )


def _by_name(cluster: Cluster) -> dict[str, set[str]]:
    """What each says, in all its versions."""
    found: dict[str, set[str]] = defaultdict(set)
    for policy in cluster.policies_taken:
        found[str(policy)].add(repr(unplaced(policy)))
    return found

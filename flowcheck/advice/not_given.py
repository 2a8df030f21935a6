"""What the inputs hold and verdicts do not rest on, or do not hold though it seems so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from flowcheck.kinds import POLICY_KINDS
from flowcheck.model.cluster import Cluster
from flowcheck.model.left_out import BY_ITS_ENGINE, OtherPolicy, Skipped


def other_languages(policies: Iterable[OtherPolicy]) -> Iterator[str]:
    """Policies in languages that are not read."""
    numbers = Counter((one.language, one.kind) for one in policies)
    for (language, kind), number in sorted(numbers.items()):
        yield f"{number} x {kind} not read: it is in the language of {language}, so verdicts leave it out"


def refused_by_engines(cluster: Cluster) -> Iterator[Skipped]:
    """Policies that are there and have no effect, each once, however often a history tells of it."""
    policies = {str(policy): policy for policy in cluster.policies if policy.refused}
    for one in policies.values():
        name = f"{one.namespace}/{one.name}" if one.namespace else one.name
        yield Skipped(one.kind, name, BY_ITS_ENGINE + one.refused, one.source)


def unkept_writes(numbers: Mapping[str, int]) -> Iterator[str]:
    """Writes, counted by kind, of which an audit log does not have the object."""
    for kind, number in sorted(numbers.items()):
        yield (
            f"{number} x {kind} written in an audit log that does not keep what was written: its history is "
            "incomplete (log it at level RequestResponse)"
        )


def everything_but(kinds: set[str], cluster: Cluster) -> Iterator[str]:
    """``kubectl get all`` is taken for everything, and holds no policy, Namespace, Node or EndpointSlice."""
    absent = {"Namespace", "Node", "EndpointSlice", "Endpoints", *POLICY_KINDS}
    if kinds >= {"Pod", "Service"} and not kinds & absent and any(pod.addresses for pod in cluster.pods):
        yield (
            "no policies, Namespaces, Nodes or EndpointSlices were read; `kubectl get all` gives none: "
            "add kubectl get -A -o json namespaces,nodes,endpointslices,networkpolicies"
        )

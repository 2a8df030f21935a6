"""Policies that are suggested, read as anybody else's are, and a cluster with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from flowcheck.engines.profiles import apply, choose
from flowcheck.errors import RunError
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Direction
from flowcheck.model.policy import Policy as Written
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster
from flowcheck.runners.request import AuditRequest
from flowcheck.suggesting.languages.calico import Calico
from flowcheck.suggesting.languages.cilium import Cilium
from flowcheck.suggesting.languages.kubernetes import Kubernetes
from flowcheck.suggesting.languages.language import Language
from flowcheck.suggesting.needs import Policy
from flowcheck.suggesting.records import SuggestedPolicy
from flowcheck.suggesting.telling import Names, told_policies
from flowcheck.suggesting.units import Unit
from flowcheck.temporary import temporary_folder
from flowcheck.writing import output_errors

Write = Callable[[Sequence[Policy], Sequence[SuggestedPolicy], Language, Iterable[str]], str]
"""Makes YAML of policies, what is told of each, in a language, and lines to stand above all."""
CALICO_KINDS = ("CalicoNetworkPolicy", "GlobalNetworkPolicy")


def language_of(name: str, cluster: Cluster, request: AuditRequest) -> Language:
    """One of LANGUAGES. **Raises**: RunError where the policies would be enforced by nobody."""
    view = choose(cluster, request.cni, dict(request.switches))[0]
    language: Language
    match name:
        case "cilium":
            language = Cilium(cluster)
        case "calico":
            language = Calico()
        case _:
            language = Kubernetes(blocks_take_nodes=view.switches["ipblock_matches_nodes"] != "no")
    if language.engines and view.cni not in language.engines:
        raise RunError(
            f"{language.kind} would not be enforced: the engine is {view.cni}",
            hint=f"--cni {language.engines[0]} where that runs, or leave out --language",
        )
    return language


def read_policies(text: str) -> tuple[Written, ...]:
    """The policies of a YAML file, by the reader of every input.

    **Raises**: ManifestError."""
    with temporary_folder() as folder:
        file = folder / "policies.yaml"
        with output_errors(folder, temporary=True):
            file.write_text(text, encoding="utf-8")
        return load_cluster(file).policies


def with_policies(cluster: Cluster, policies: tuple[Written, ...], *, instead: bool) -> Cluster:
    """The cluster with more policies, or with no others, which are then known for all time."""
    if instead:
        return replace(cluster, policies=policies, known_until=END)
    return replace(cluster, policies=(*cluster.policies, *policies))


def own_tier(cluster: Cluster, language: Language, request: AuditRequest, write: Write) -> Tier:
    """The tier that policies of a language are in, where they are enforced. Without policies of Calico's own
    Kubernetes' tiers are as they are, and its default tier is that of NetworkPolicies."""
    if isinstance(language, Calico) and not any(one.kind in CALICO_KINDS for one in cluster.policies):
        return Tier.NETWORK_POLICY
    unit = Unit("default/Pod/probe", "default", (), workloads=("default/Pod/probe",))
    probe = Policy("probe", unit, (Direction.INGRESS,), ())
    told = told_policies([probe], Names(None))
    (written,) = read_policies(write([probe], told, language, ()))
    alone = replace(cluster, policies=(written,))
    enforced = apply(alone, request.options, request.cni, dict(request.switches), None, request.mesh)
    own = [policy for policy in enforced.cluster.policies if policy.name == written.name]
    return own[0].tier if own else written.tier

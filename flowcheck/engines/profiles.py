"""Which profile is taken for a cluster, with which answers; and the cluster as that engine enforces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, get_args

from flowcheck.counted import counted
from flowcheck.engines import agents, calico, cilium, meshes
from flowcheck.engines.named import resolved, span_of
from flowcheck.engines.signs import NOTHING_TOLD, ONLY_ADDRESSES, Found, recognised, release, settings_told
from flowcheck.engines.switches import around, switched
from flowcheck.engines.switches import remarks as switch_remarks
from flowcheck.engines.switches.own import OWN_KINDS, is_own
from flowcheck.engines.table import PROFILES
from flowcheck.errors import RunError
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import SWITCH_NAMES, SWITCHES, CiliumSettings, EngineView, Profile
from flowcheck.model.left_out import LeftOut
from flowcheck.model.options import MeshIdentity, Options
from flowcheck.model.policy import Policy
from flowcheck.model.ranges import DnsMap

__all__ = (
    "AUTO",
    "CHOICES",
    "IDENTITIES",
    "MESHES",
    "PROFILES",
    "Enforced",
    "apply",
    "choose",
    "left_out",
    "recognised",
    "view_of",
)

AUTO, OFF = "auto", "off"
CHOICES = (AUTO, *PROFILES)
"""What ``--cni`` takes."""
MESHES = (AUTO, OFF)
"""What ``--mesh`` takes."""
IDENTITIES = get_args(MeshIdentity)
"""What ``--mesh-identity`` takes."""
AGENT = "ConfigMap cilium-config"
_SAYS_ITSELF = {"cilium": {"nodes_peers": "match", "cluster_policies": "enforced"}}
"""Of which policies it refuses, Cilium's code says more."""
_VALUES = {switch.name: switch.values for switch in SWITCHES}


class Enforced(NamedTuple):
    """A cluster as an engine enforces its policies, and what to judge it by. ``remarks`` are in the cluster's
    warnings too."""

    cluster: Cluster
    options: Options
    remarks: tuple[str, ...]


def apply(
    cluster: Cluster,
    options: Options,
    cni: str = AUTO,
    given: Mapping[str, str] | None = None,
    dns_map: DnsMap | None = None,
    mesh: str = AUTO,
) -> Enforced:
    """The policies as the chosen engine enforces them. ``given`` are switches that a person set, by name;
    those take the place of the profile's, whatever ``options`` say. ``dns_map``: policies about names are
    about the addresses it tells. ``mesh`` "off": no policy of a mesh is asked. A cluster that has a view
    stays as it is.

    Raises: RunError for a profile, a switch or a value that there is not.
    """
    if cluster.view is not None:
        return Enforced(cluster, _judged_again(cluster, options, cluster.view), ())
    given = dict(given or {})
    _check(cni, given)
    for name, value, words in (("mesh", mesh, MESHES), ("mesh_identity", options.mesh_identity, IDENTITIES)):
        if value not in words:
            raise RunError(f"{name} cannot be {value!r}", hint=f"there are {', '.join(words)}")
    view, found = choose(cluster, cni, given)
    meshed = meshes.without(cluster) if mesh == OFF else meshes.with_members(cluster)
    before = replace(meshed, policies=tuple(_of_engine(meshed, view.cni)))
    said = (*_remarks(before, view, found), *meshes.remarks(cluster, meshed, off=mesh == OFF))
    after, judged_by = _by_engine(before, _judged_by(options, view.switches), view)
    if dns_map is not None:
        inputs = {**after.inputs, dns_map.path: dns_map.sha256}
        after = replace(resolved(after, dns_map.names), inputs=inputs)
        view = replace(view, names=span_of(dns_map.names))
    after = replace(after, policies=(*after.policies, *meshes.policies(meshed)))
    said += after.warnings[len(cluster.warnings) :]
    return Enforced(replace(after, view=view, warnings=(*cluster.warnings, *said)), judged_by, said)


def _by_engine(cluster: Cluster, options: Options, view: EngineView) -> tuple[Cluster, Options]:
    """By the engine's own code, where it has some, else by its switches alone."""
    values = view.switches
    match view.cni:
        case "cilium":
            settings = agents.cilium_settings(cluster.cilium or CiliumSettings(), values)
            return cilium.enforced(around.things(cluster, values), settings), cilium.options(
                options, settings
            )
        case "calico":
            return calico.enforced(switched(cluster, values)), calico.options(options, cluster)
        case _:
            return switched(cluster, values), options


def view_of(cluster: Cluster) -> EngineView:
    """The view of a cluster that has one."""
    if cluster.view is None:
        raise ValueError("the cluster is as it is written, not as an engine enforces it")
    return cluster.view


def choose(cluster: Cluster, cni: str, given: Mapping[str, str]) -> tuple[EngineView, Found]:
    """The profile that is taken, and what was found in the cluster."""
    found = recognised(cluster)
    name, because = (found.cni, found.because) if cni == AUTO else (cni, f"--cni {cni}")
    profile = PROFILES[name]
    told = _told(cluster, name)
    values = {switch: setting.value for switch, setting in profile.settings.items()}
    values |= {switch: value for switch, (value, _) in told.items()}
    values |= given
    if name == "cilium":
        values["networks_match"] = agents.networks_of(values)
    agents.check(profile, values, given)
    others = tuple(_left_out(cluster, profile, found, cni))
    because = "; ".join(dict.fromkeys((because, *(sign for _, sign in told.values()))))
    runs = release(cluster, name)
    own = profile.title, profile.version, because
    return EngineView(name, *own, values, tuple(given), others, runs), found


def left_out(cluster: Cluster, cni: str) -> tuple[LeftOut, ...]:
    """The policies that the engine does not know, by the engine that does.

    Raises: RunError for a profile that there is not.
    """
    _check(cni, {})
    return (cluster.view or choose(cluster, cni, {})[0]).left_out


def _told(cluster: Cluster, cni: str) -> dict[str, tuple[str, str]]:
    """Switches that the plugin's own objects set: the value, and what says so."""
    told = settings_told(cluster, cni)
    if cni == "cilium" and cluster.cilium is not None:
        told |= {switch: (value, AGENT) for switch, value in agents.told_by(cluster.cilium)}
    return told


def _judged_again(cluster: Cluster, options: Options, view: EngineView) -> Options:
    """The options of a cluster that an engine has seen already."""
    judged_by = _judged_by(options, view.switches)
    if view.cni == "calico":
        return calico.options(judged_by, cluster)
    if view.cni != "cilium":
        return judged_by
    settings = cluster.cilium or CiliumSettings()
    return cilium.options(judged_by, agents.cilium_settings(settings, view.switches))


def _check(cni: str, given: Mapping[str, str]) -> None:
    if cni not in CHOICES:
        raise RunError(f"no network plugin {cni!r} is known", hint=f"there are {', '.join(CHOICES)}")
    for name, value in given.items():
        if name not in _VALUES:
            raise RunError(f"there is no switch {name!r}", hint=f"there are {', '.join(SWITCH_NAMES)}")
        if _VALUES[name] and value not in _VALUES[name]:
            raise RunError(f"{name} cannot be {value!r}", hint=f"there are {', '.join(_VALUES[name])}")


def _judged_by(options: Options, values: Mapping[str, str]) -> Options:
    """The options with what of the switches is for whoever judges."""
    chosen = {name: values[name] for name in ("ipblock_matches_pods", "icmp", "own_node", "same_pod")}
    names = {"unread": "containers"}.get(values["port_names"], values["port_names"])
    same = {"first": "all"}.get(values["same_port_name"], values["same_port_name"])
    return replace(
        options,
        **chosen,  # type: ignore[arg-type]  # words of SWITCHES, which are those of Options
        port_names=names,  # type: ignore[arg-type]
        same_port_name=same,  # type: ignore[arg-type]
        staged=values["staged"] == "enforced",
        enforced=values["enforced"] == "yes",
    )


def _language_of(policy: Policy) -> str:
    """The engine whose own language a policy is in; empty: Kubernetes'."""
    if is_own(policy) and policy.kind in OWN_KINDS:
        return ""
    return "cilium" if policy.kind.startswith("Cilium") else "calico"


def _of_engine(cluster: Cluster, cni: str) -> Iterator[Policy]:
    """The policies that the engine knows."""
    network = (policy for policy in cluster.policies if policy.mesh is None)
    return (policy for policy in network if _language_of(policy) in ("", cni))


def _left_out(cluster: Cluster, profile: Profile, found: Found, asked: str) -> Iterator[LeftOut]:
    """Policies of each other engine, but for those that are not in force there either, each once."""
    by_engine: dict[str, dict[str, Policy]] = {}
    for policy in cluster.policies:
        if policy.mesh is not None:
            continue
        language = _language_of(policy)
        if language not in ("", profile.name) and not policy.staged:
            by_engine.setdefault(language, {}).setdefault(str(policy), policy)
    running = dict([*found.others, (found.cni, found.because)])
    because = (
        f"as {profile.title} is taken to enforce policies" if asked == AUTO else f"because of --cni {asked}"
    )
    for name, policies in by_engine.items():
        name_of_first, policy = next(iter(policies.items()))
        first = f"{name_of_first} ({policy.source})"
        yield LeftOut(PROFILES[name].title, len(policies), first, because, running.get(name, ""))


def _who_says_no(cluster: Cluster, view: EngineView) -> str:
    """What says that nothing enforces policies: a person, the plugin's own objects, or what the plugin is."""
    if "enforced" in view.chosen:
        return "--enforced no says"
    if "enforced" in (told := _told(cluster, view.cni)):
        sign = told["enforced"][1]
        return f"{sign} says{agents.why_not(cluster.cilium) if sign == AGENT else ''}"
    chosen = view.because if view.because.startswith("--cni") else f"{view.because}, with --cni {AUTO},"
    return f"{chosen} says it is {view.title}, which enforces none"


def _remarks(cluster: Cluster, view: EngineView, found: Found) -> Iterator[str]:
    title = view.title
    if not view.enforces:
        yield (
            f"nothing enforces policies here, as {_who_says_no(cluster, view)}: what they deny and went "
            "through is expected; say --enforced yes where something does"
        )
    if view.cni == found.cni:
        beside = [one for one in found.others if one[0] not in ONLY_ADDRESSES]
        for name, sign in beside:
            yield f"{PROFILES[name].title} is there too ({sign}): {title} is taken to enforce policies"
    elif found.because != NOTHING_TOLD and found.cni != "kubernetes":
        yield f"{PROFILES[found.cni].title} seems to run ({found.because}), but {view.because} was said"
    for one in view.left_out:
        yield f"{one}: {title} does not enforce them (first: {one.first})"
    if view.release and _series(view.release) != _series(view.version):
        yield (
            f"{title} {view.release} runs here, and verdicts are by the rules of {view.version}: where "
            "releases differ they may be wrong"
        )
    staged = len({str(policy) for policy in cluster.policies if policy.staged})
    if staged and view.switches["staged"] == "ignored":
        yield (
            f"{counted(staged, 'staged policy', 'staged policies')} left out, as not in force: "
            "--staged enforced judges as if they were"
        )
    if found.cni == "kubernetes" and found.others and view.cni == "kubernetes":
        yield f"{found.because}: policies are taken to be enforced; --cni flannel where nothing does"
    yield from PROFILES[view.cni].remarks
    yield from switch_remarks(cluster, {**view.switches, **_SAYS_ITSELF.get(view.cni, {})})


def _series(release: str) -> list[str]:
    """A release but for its patches."""
    return release.removeprefix("v").split(".")[:2]

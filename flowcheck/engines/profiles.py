"""Which profile is taken for a cluster, with which answers; and the cluster as that engine enforces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, get_args

from flowcheck.counted import counted
from flowcheck.engines import agents, calico, cilium, istio
from flowcheck.engines.languages import left_out_of, of_engine
from flowcheck.engines.named import resolved, span_of
from flowcheck.engines.remarks import remarks, told_by
from flowcheck.engines.signs import AUTO, Found, recognised, release
from flowcheck.engines.switches import around, switched
from flowcheck.engines.table import PROFILES
from flowcheck.errors import RunError
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import SWITCH_NAMES, SWITCHES, CiliumSettings, EngineView
from flowcheck.model.left_out import LeftOut
from flowcheck.model.options import MeshIdentity, Options
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

OFF = "off"
CHOICES = (AUTO, *PROFILES)
"""What ``--cni`` takes."""
MESHES = (AUTO, OFF)
"""What ``--mesh`` takes."""
IDENTITIES = get_args(MeshIdentity)
"""What ``--mesh-identity`` takes."""
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
    meshed = _without_mesh(cluster) if mesh == OFF else istio.with_members(cluster)
    before = replace(meshed, policies=tuple(of_engine(meshed, view.cni)))
    said = (*remarks(before, view, found), *_mesh_remarks(cluster, meshed, mesh))
    after, judged_by = _by_engine(before, _judged_by(options, view.switches), view)
    if dns_map is not None:
        inputs = {**after.inputs, dns_map.path: dns_map.sha256}
        after = replace(resolved(after, dns_map.names), inputs=inputs)
        view = replace(view, names=span_of(dns_map.names))
    after = replace(after, policies=(*after.policies, *istio.policies(meshed)))
    said += after.warnings[len(cluster.warnings) :]
    return Enforced(replace(after, view=view, warnings=(*cluster.warnings, *said)), judged_by, said)


def _without_mesh(cluster: Cluster) -> Cluster:
    pods = tuple(pod if pod.mesh is None else replace(pod, mesh=None) for pod in cluster.pods)
    kept = tuple(policy for policy in cluster.policies if not istio.is_own(policy))
    return replace(cluster, pods=pods, policies=kept)


def _mesh_remarks(cluster: Cluster, meshed: Cluster, mesh: str) -> Iterator[str]:
    if mesh != OFF:
        yield from istio.remarks(meshed)
    elif count := sum(map(istio.is_own, cluster.policies)):
        yield f"{counted(count, 'policy', 'policies')} of Istio left out, as --mesh off says"


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
    told = told_by(cluster, name)
    values = {switch: setting.value for switch, setting in profile.settings.items()}
    values |= {switch: value for switch, (value, _) in told.items()}
    values |= given
    if name == "cilium":
        values["networks_match"] = agents.networks_of(values)
    agents.check(profile, values, given)
    others = tuple(left_out_of(cluster, profile, found, cni))
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

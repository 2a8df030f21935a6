"""Which profile is taken for a cluster, with which answers; and the cluster as that engine enforces it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from flowcheck.counted import counted
from flowcheck.engines.signs import NOTHING_TOLD, ONLY_ADDRESSES, Found, recognised, settings_told
from flowcheck.engines.switches import remarks as switch_remarks
from flowcheck.engines.switches import switched
from flowcheck.engines.switches.own import is_own
from flowcheck.engines.table import PROFILES
from flowcheck.errors import RunError
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import SWITCH_NAMES, SWITCHES, EngineView
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy

__all__ = ("AUTO", "CHOICES", "PROFILES", "Enforced", "apply", "choose", "recognised", "view_of")

AUTO = "auto"
CHOICES = (AUTO, *PROFILES)
"""What ``--cni`` takes."""
_VALUES = {switch.name: switch.values for switch in SWITCHES}


class Enforced(NamedTuple):
    """A cluster as an engine enforces its policies, and what to judge it by. ``remarks`` are in the cluster's
    warnings too."""

    cluster: Cluster
    options: Options
    remarks: tuple[str, ...]


def apply(
    cluster: Cluster, options: Options, cni: str = AUTO, given: Mapping[str, str] | None = None
) -> Enforced:
    """The policies as the chosen engine enforces them. ``given`` are switches that a person set, by name;
    those take the place of the profile's, whatever ``options`` say. A cluster that has a view stays as it is.

    Raises: RunError for a profile, a switch or a value that there is not.
    """
    if cluster.view is not None:
        return Enforced(cluster, _judged_by(options, cluster.view.switches), ())
    given = dict(given or {})
    _check(cni, given)
    view, found = choose(cluster, cni, given)
    kept, left_out = _of_engine(cluster, view.cni)
    before = replace(cluster, policies=tuple(kept))
    said = tuple(_remarks(before, view, found, left_out))
    after = replace(switched(before, view.switches), view=view, warnings=(*cluster.warnings, *said))
    return Enforced(after, _judged_by(options, view.switches), said)


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
    told = settings_told(cluster, name)
    values = {switch: setting.value for switch, setting in profile.settings.items()}
    values |= {switch: value for switch, (value, _) in told.items()}
    values |= given
    if name == "cilium" and "networks_match" not in given:
        values["networks_match"] = _match_mode(values)
    because = "; ".join(dict.fromkeys((because, *(sign for _, sign in told.values()))))
    return EngineView(name, profile.title, profile.version, because, values, tuple(given)), found


def _match_mode(values: Mapping[str, str]) -> str:
    """Cilium has one setting for all blocks."""
    matched = values["ipblock_matches_pods"] == "yes", values["ipblock_matches_nodes"] == "yes"
    return {(True, True): "inside", (True, False): "pods", (False, True): "nodes"}.get(matched, "outside")


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
    chosen = {name: values[name] for name in ("ipblock_matches_pods", "icmp", "own_node")}
    names = {"unread": "containers"}.get(values["port_names"], values["port_names"])
    same = {"first": "all"}.get(values["same_port_name"], values["same_port_name"])
    return replace(
        options,
        **chosen,  # type: ignore[arg-type]  # words of SWITCHES, which are those of Options
        port_names=names,  # type: ignore[arg-type]
        same_port_name=same,  # type: ignore[arg-type]
        enforced=values["enforced"] == "yes",
    )


def _language_of(policy: Policy) -> str:
    """The engine whose own language a policy is in; empty: Kubernetes'."""
    if is_own(policy):
        return ""
    return "cilium" if policy.kind.startswith("Cilium") else "calico"


def _of_engine(cluster: Cluster, cni: str) -> tuple[list[Policy], Counter[str]]:
    """The policies that the engine knows, and how many of others there are, by their engine."""
    kept, left_out = [], Counter[str]()
    for policy in cluster.policies:
        language = _language_of(policy)
        if language in ("", cni):
            kept.append(policy)
        else:
            left_out[language] += 1
    return kept, left_out


def _remarks(cluster: Cluster, view: EngineView, found: Found, left_out: Counter[str]) -> Iterator[str]:
    title = view.title
    if not view.enforces:
        yield f"nothing enforces policies here ({view.because}): what they deny and went through is expected"
    if view.cni == found.cni:
        beside = [one for one in found.others if one[0] not in ONLY_ADDRESSES]
        for name, sign in beside:
            yield f"{PROFILES[name].title} is there too ({sign}): {title} is taken to enforce policies"
    elif found.because != NOTHING_TOLD and found.cni != "kubernetes":
        yield f"{PROFILES[found.cni].title} seems to run ({found.because}), but {view.because} was said"
    for name, count in left_out.items():
        policies = counted(count, "policy", "policies")
        yield f"{policies} in the language of {PROFILES[name].title} left out, which {title} does not enforce"
    if found.cni == "kubernetes" and found.others and view.cni == "kubernetes":
        yield f"{found.because}: policies are taken to be enforced; --cni flannel where nothing does"
    yield from PROFILES[view.cni].remarks
    yield from switch_remarks(cluster, view.switches)

"""An explanation in short: what each end is, and which side made the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flowcheck.advice.translated import seen_as_its_node
from flowcheck.explaining.ends import Candidate, Party
from flowcheck.explaining.records import LATEST, Case, EndAnswer, MeshAnswer, SideAnswer
from flowcheck.explaining.selection import stable_labels
from flowcheck.explaining.words import labels_text
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_text
from flowcheck.model.timeline import END


def moment(cluster: Cluster | None, instant: int) -> dict[str, str]:
    """At which moment a cluster is shown, and how far what is known of DNS names reaches, if anything is."""
    if cluster is None or cluster.is_static:
        return {}
    at = LATEST if instant == END - 1 else instant_text(instant)
    return {"at": at, "names": cluster.view.told_of_names(instant) if cluster.view else ""}


def no_subject(end: Candidate) -> str:
    if end.node is not None:
        return f"{end.name} is a node, and policies are for pods only (not for those on the host network)"
    if end.secondary:
        return f"{end.name} is not on the cluster's network, the only one that policies are for"
    return f"{end.name} is outside the cluster, and policies are for pods only"


def sentence_of(case: Case) -> str:
    """Which side made the verdict of one case."""
    sides = {"the source's egress": case.egress, "the destination's ingress": case.ingress}
    if case.mesh is not None and case.mesh.verdict != "not_applicable":
        return _sentence_of_layers(case, sides, case.mesh)
    making = [name for name, side in sides.items() if side.verdict == case.verdict]
    match case.verdict, len(making):
        case "deny", 2:
            return "both sides deny it: egress at the source and ingress at the destination"
        case "deny", _:
            other = next(side for side in sides.values() if side.verdict != "deny")
            rest = {"allow": "; the other side allows it", "unknown": "; the other side is open"}
            return f"{making[0]} policies deny it{rest.get(other.verdict, '')}"
        case "unknown", _:
            return f"{making[0]} side is open: {sides[making[0]].why}"
        case "allow", 2:
            return "both sides allow it"
        case "allow", _:
            return f"{making[0]} side allows it, and no policy is for the other end"
    return "neither end is a pod on the cluster's network, so no policy is asked"


def _sentence_of_layers(case: Case, sides: Mapping[str, SideAnswer], mesh: MeshAnswer) -> str:
    """The same where a mesh has a say too."""
    network = [name for name, side in sides.items() if side.verdict == case.verdict]
    by_mesh = mesh.verdict == case.verdict
    match case.verdict:
        case "deny" if by_mesh and network:
            return f"both layers deny it: {' and '.join(network)}, and the mesh before the destination"
        case "deny" if by_mesh:
            others = {side.verdict for side in sides.values()}
            rest = "network policies are open" if "unknown" in others else "network policies let it through"
            return f"the mesh before the destination denies it: {mesh.why}; {rest}"
        case "deny":
            rest = {"allow": "allows it", "unknown": "is open"}[mesh.verdict]
            return f"{' and '.join(network)} policies deny it; the mesh {rest}"
        case "unknown" if network:
            return f"{network[0]} side is open: {sides[network[0]].why}"
        case "unknown":
            return f"the mesh is open: {mesh.why}"
    if network:
        return "network policies and the mesh before the destination allow it"
    return "the mesh before the destination allows it, and no network policy is for either end"


def split_of(cases: list[Case], by_source: bool) -> str:
    """How many of the ends get which verdict."""
    names: dict[str, set[str]] = {}
    for case in cases:
        names.setdefault(case.verdict, set()).update(case.sources if by_source else case.destinations)
    return ", ".join(f"{verdict} for {len(those)}" for verdict, those in sorted(names.items()))


def end_answer(party: Party, more: Iterable[str]) -> EndAnswer:
    addresses = tuple(dict.fromkeys(end.address for end in party.ends if end.address))
    notes = (*party.notes, *more)
    return EndAnswer(party.given, party.name, party.kind, _describe(party), addresses, notes)


def not_seen(cluster: Cluster, src: Party, dst: Party) -> Iterator[str]:
    """That a pod's address is not seen where this goes."""
    if src.kind in ("pod", "workload") and dst.kind in ("external", "node", "unknown"):
        source, destination = ([end.address for end in one.ends if end.address] for one in (src, dst))
        yield from seen_as_its_node(cluster, source, destination)


def _describe(party: Party) -> str:
    """What an end is, in a few words."""
    if not party.ends:
        return "a Service without backends"
    first = party.ends[0]
    if party.kind == "service":
        backends = [name for end in party.ends for name in end.members or (end.name,)]
        return f"a Service with {len(backends)} backend{'s' if len(backends) != 1 else ''}"
    if party.kind == "unknown":
        return "nobody known"
    if party.kind == "secondary":
        return "a pod's address on a further network, which selectors do not select and an ipBlock does"
    if party.kind == "external":
        return "an address outside the cluster" + (", or a Service's" if first.unlisted else "")
    if first.pod is None:
        nodes = len({end.node for end in party.ends})
        return "a node" if nodes == 1 else f"{nodes} nodes"
    members = [name for end in party.ends for name in end.members]
    if party.kind == "workload":
        what = f"{len(members)} pod{'s' if len(members) != 1 else ''}"
    else:
        own = first.pod.workload
        what = "pod" if own.kind == "Pod" else f"pod of {own.kind} {own.name}"
        what += f" on {first.pod.node}" if first.pod.node else ""
    return f"{what}, labels {labels_text(stable_labels(first.pod) or first.pod.labels)}"

"""One side of a pair, explained: what needs no policy, or else the walk over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from flowcheck.compile import Program
from flowcheck.explaining import compiled
from flowcheck.explaining.asking.checks import check_subject
from flowcheck.explaining.question import Asked
from flowcheck.explaining.summary import no_subject
from flowcheck.explaining.untold import walk_every_way
from flowcheck.explaining.walk import Walked, checked, exempt
from flowcheck.model.policy import Direction, Policy
from flowcheck.model.verdict import Reason, Verdict

OWN_NODE_EGRESS = (
    "it goes to the node that the pod runs on, which Kubernetes' documentation always allows; network "
    "plugins judge it by policy, as here"
)


def explain_side(
    program: Program,
    question: Asked,
    policies: Sequence[Policy],
    staged: Sequence[Policy],
    decision: int,
) -> Walked:
    """One side, explained and held against the compiled decision. ``policies`` are in the order they are
    asked, ``staged`` are not."""
    walked = checked(_explained(program, question, policies), *compiled.side_of(program, decision))
    notes = tuple(previews(question, staged))
    return replace(walked, answer=msgspec.structs.replace(walked.answer, notes=notes)) if notes else walked


def past_network(question: Asked) -> Walked:
    """A side of what a waypoint records."""
    why = "what comes and goes by the waypoint's own connections is asked of network policies there"
    return exempt(question, Verdict.NOT_APPLICABLE, why)


def previews(question: Asked, staged: Sequence[Policy]) -> Iterator[str]:
    """Policies for the subject that are not in force."""
    for policy in staged:
        speaks = policy.rules(question.direction) or question.direction in policy.isolates
        if speaks and check_subject(policy, question)[0].match != "no":
            yield f"{policy} ({policy.source}) is only staged, and not asked (--staged enforced asks it too)"


def open_end(question: Asked) -> Walked | None:
    """An end of which nobody knows who it is."""
    is_egress = question.direction is Direction.EGRESS
    src, dst = (question.subject, question.peer) if is_egress else (question.peer, question.subject)
    for end, lost in ((src, "src"), (dst, "dst")):
        if end.lost:
            return exempt(question, Verdict.UNKNOWN, end.why_lost, reason=f"{end.lost}_{lost}")
    if dst.unlisted:
        why = f"the inputs lack Services of the cluster, and {dst.name} may be the address of one"
        settle = "give the Services too: kubectl get services,endpointslices -A -o json"
        return exempt(question, Verdict.UNKNOWN, why, reason=Reason.NO_SERVICE, settle=settle)
    return None


def _explained(program: Program, question: Asked, policies: Sequence[Policy]) -> Walked:
    is_egress = question.direction is Direction.EGRESS
    subject, peer = question.subject, question.peer
    src, dst = (subject, peer) if is_egress else (peer, subject)
    if unsure := open_end(question):
        return unsure
    exemption = compiled.exemption(program, src.endpoint, dst.endpoint)
    if exemption == "self":
        return exempt(question, Verdict.ALLOW, "a pod may always talk to itself: no policy is asked")
    if subject.pod is None and not (subject.node is not None and question.options.host_policies):
        return exempt(question, Verdict.NOT_APPLICABLE, no_subject(subject))
    from_own = exemption == "own node"
    if from_own and not is_egress and question.options.own_node == "allowed":
        why = "a pod's own node may always talk to it (kubelet probes): no policy is asked"
        return exempt(question, Verdict.ALLOW, why)
    to_own = compiled.exemption(program, dst.endpoint, src.endpoint) == "own node"
    walked = walk_every_way(replace(question, own_node=to_own if is_egress else from_own), policies)
    if is_egress and to_own:
        why = f"{walked.answer.why}; {OWN_NODE_EGRESS}"
        walked = replace(walked, answer=msgspec.structs.replace(walked.answer, why=why))
    return walked

"""What leaves a verdict open, in a sentence, and what would settle it."""

from __future__ import annotations

from flowcheck.explaining.asking.checks import IN_DOUBT, Hanging, settles, why_open
from flowcheck.explaining.asking.tries import Tried
from flowcheck.explaining.question import Asked
from flowcheck.explaining.words import selector_text
from flowcheck.model.labels import Selector
from flowcheck.model.policy import Policy
from flowcheck.model.verdict import Reason, Verdict


def doubt(
    what: Tried | Policy, hanging: Hanging, question: Asked, without: Verdict, matching: Verdict | None
) -> tuple[str, str]:
    """Why an open rule, or a policy that may isolate, leaves the verdict open, and what would settle it."""
    policy, rule = (what.policy, what.rule.label) if isinstance(what, Tried) else (what, "")
    name = f"{policy}[{rule}]" if rule else str(policy)
    fork = f"{without} if it does not match"
    fork += f", {matching} if it does" if matching is not None else ", and too much else is open to tell"
    reason, whose, asked_for = hanging
    match reason:
        case Reason.NO_NAMESPACE:
            end = question.subject if whose == "subject" else question.peer
            namespace = end.pod.namespace if end.pod is not None else ""
            asked = selector_text(asked_for) if isinstance(asked_for, Selector) else ""
            labels = f"namespaces with {asked}" if asked else "labels of namespaces"
            who = f"{policy} is for" if whose == "subject" else f"{name} is about"
            why = f"{who} {labels}, and no input describes namespace {namespace}: {fork}"
            return why, "give the Namespace objects too: kubectl get namespaces -o json"
        case Reason.NO_NODE:
            node, end_name = question.peer.node, question.peer.name
            told = f"which labels {end_name} has" if node is not None else f"whether {end_name} is one"
            about = "is about nodes" if isinstance(asked_for, Selector) else "tells nodes from who is outside"
            why = f"{name} {about}, and no input tells {told}: {fork}"
            return why, "give the Node objects too: kubectl get nodes -o json"
        case Reason.NO_SERVICE_ACCOUNT:
            why = f"{name} is about labels of service accounts that no input describes: {fork}"
            return why, "give the ServiceAccount objects too: kubectl get serviceaccounts -A -o json"
        case Reason.UNSUPPORTED_FIELD if isinstance(asked_for, str):
            part = f"the subject of {asked_for}" if whose == "subject" else asked_for
            return f"part of {part} cannot be read: {fork}", "write it as the API has it: see the warnings"
        case Reason.UNSUPPORTED_FIELD if asked_for is None:
            why = f"{name} has an ipBlock around the pod's address; plugins differ on whether that counts"
            return f"{why}: {fork}", "--ipblock-matches-pods yes (Calico) or no (Cilium) settles it"
        case Reason.UNSUPPORTED_FIELD:
            return f"{_open_part(what, name)}: {fork}", "ask for a pod that is there, by its name or address"
        case Reason.NEEDS_DNS:
            why = f"{name} names domains, and {question.unnamed}: {fork}"
            looked_up = f"look up what name {question.peer.name} was reached by"
            return why, f"{looked_up}, or give {settles(reason, question)}"
        case Reason.NO_SERVICE:
            why = f"{name} {IN_DOUBT[reason]}: {fork}"
            return why, "give its EndpointSlices too: kubectl get endpointslices -n default -o json"
        case Reason.AMBIGUOUS_POLICY:
            why = f"{name} has the priority of another policy, and the API leaves open which is asked first"
            return f"{why}: {fork}", "give them different priorities"
        case _:
            return f"{name} {why_open(policy, reason)}: {fork}", settles(reason, question)


def _open_part(what: Tried | Policy, name: str) -> str:
    """What of a rule is open, as its checks say."""
    checks = (*what.step.peers, *what.step.subject) if isinstance(what, Tried) else ()
    why = next((check.why for check in checks if check.match == "maybe"), "")
    return f"{name} may match: {why}" if why else f"whether {name} matches is open"

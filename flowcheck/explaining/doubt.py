"""What leaves a verdict open, in a sentence, and what would settle it."""

from __future__ import annotations

from flowcheck.explaining.question import Asked
from flowcheck.explaining.tries import Tried
from flowcheck.explaining.words import selector_text
from flowcheck.model.labels import Selector
from flowcheck.model.verdict import Reason, Verdict


def doubt(tried: Tried, question: Asked, without: Verdict, matching: Verdict | None) -> tuple[str, str]:
    """Why an open rule leaves the verdict open, and what would settle it."""
    rule = f"{tried.policy}[{tried.rule.label}]"
    fork = f"{without} if it does not match"
    fork += f", {matching} if it does" if matching is not None else ", and too much else is open to tell"
    reason, _, asked_for = tried.hangs_on[0]
    match reason:
        case Reason.NO_NAMESPACE:
            end = question.subject if tried.subject_if else question.peer
            namespace = end.pod.namespace if end.pod is not None else ""
            labels = selector_text(asked_for) if isinstance(asked_for, Selector) else ""
            who = f"{tried.policy} is for" if tried.subject_if else f"{rule} is about"
            why = f"{who} namespaces with {labels}, and no input describes namespace {namespace}: {fork}"
            return why, "give the Namespace objects too: kubectl get namespaces -o json"
        case Reason.NO_NODE:
            node, name = question.peer.node, question.peer.name
            what = f"which labels {name} has" if node is not None else f"whether {name} is one"
            why = f"{rule} is about nodes, and no input tells {what}: {fork}"
            return why, "give the Node objects too: kubectl get nodes -o json"
        case Reason.UNSUPPORTED_FIELD if isinstance(asked_for, str):
            what = f"the subject of {asked_for}" if tried.subject_if else asked_for
            return f"part of {what} cannot be read: {fork}", "write it as the API has it: see the warnings"
        case Reason.UNSUPPORTED_FIELD:
            why = f"{rule} has an ipBlock around the pod's address; plugins differ on whether that counts"
            return f"{why}: {fork}", "--ipblock-matches-pods yes (Calico) or no (Cilium) settles it"
        case _:
            why = f"{rule} names domains, and an address does not tell its domain: {fork}"
            return why, f"look up what name {question.peer.name} was reached by"

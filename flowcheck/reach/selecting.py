"""What a person typed for rows or columns -> the parties, or parts of them, that are meant.

Taken: a namespace; ``NS/WORKLOAD``, ``NS/KIND/NAME`` or ``NS/POD``; labels as ``app=web,tier!=db``; an
address: who has it; a CIDR: the pods and nodes in it, and every block outside that touches it; ``internet``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import Axis
from flowcheck.errors import RunError
from flowcheck.model.called import names_of
from flowcheck.model.cluster import Pod
from flowcheck.reach.parties import Party

FORMS = (
    "write a namespace, internet, NS/WORKLOAD, NS/KIND/NAME, NS/POD, labels as app=web, an address or a CIDR"
)
_TERM = re.compile(r"(?P<no>!)?(?P<key>[^=!,\s]+)(?:(?P<op>=|==|!=)(?P<value>[^=!,\s]*))?")
_NUMBERS = re.compile(r"[0-9.]+(/[0-9]+)?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(/[0-9]+)?")

Means = Callable[[Party, int], bool]
"""Whether one endpoint of a party is meant."""


class Chooser:
    """Chooses among the parties of one axis."""

    def __init__(self, axis: Axis) -> None:
        self._axis = axis
        self._pods = dict(axis.pods)

    def choose(self, parties: Iterable[Party], texts: Sequence[str], option: str) -> tuple[Party, ...]:
        """All that any of the texts means; every party, where there is no text.

        Raises: RunError for a text that means nobody, with the ``option`` it was given for.
        """
        parties = tuple(parties)
        if not texts:
            return parties
        chosen: dict[str, set[int]] = {}
        for text in texts:
            means = self._meaning(text, option)
            found = {
                party.name: ends
                for party in parties
                if (ends := {one.endpoint for one in party.members if means(party, one.endpoint)})
            }
            if not found:
                raise self._nobody(text, option, parties)
            for name, ends in found.items():
                chosen.setdefault(name, set()).update(ends)
        some = (party.only(chosen.get(party.name, ())) for party in parties)
        return tuple(party for party in some if party is not None)

    def _meaning(self, text: str, option: str) -> Means:
        if _NUMBERS.fullmatch(text):
            try:
                return self._in_network(prefix(text))
            except ValueError as error:
                raise RunError(f"{option}: {text!r} is no address and no CIDR", hint=FORMS) from error
        if "=" in text or text.startswith("!"):
            return self._with_labels(text, option)
        return self._called(text)

    def _in_network(self, network: Prefix) -> Means:
        around = self._axis.find(network)

        def means(party: Party, endpoint: int) -> bool:
            own = party.prefix or self._axis.endpoints[endpoint].prefix
            if own is None:
                return False
            if network.holds(own):
                return True
            return party.kind == "block" and endpoint == around and own.holds(network)

        return means

    def _with_labels(self, text: str, option: str) -> Means:
        terms = [_TERM.fullmatch(term.strip()) for term in text.split(",")]
        if any(term is None or (term["no"] and term["op"]) for term in terms):
            raise RunError(
                f"{option}: {text!r} selects no labels",
                hint="write app=web, app!=web, app or !app, comma between",
            )

        def matches(pod: Pod) -> bool:
            return all(_has(pod, term) for term in terms if term is not None)

        return lambda party, endpoint: endpoint in self._pods and matches(self._pods[endpoint])

    def _called(self, text: str) -> Means:
        namespace, slash, rest = text.partition("/")
        kind, _, name = rest.rpartition("/")
        called = f"{kind.lower()}/{name}" if kind else rest

        def means(party: Party, endpoint: int) -> bool:
            if party.name == text or (party.kind == "block" and party.name.startswith(f"{text} (")):
                return True
            pod = self._pods.get(endpoint)
            if party.kind != "workload" or pod is None:
                return party.kind == "nodes" and self._axis.endpoints[endpoint].name == text
            if pod.namespace != namespace or not slash:
                return not slash and pod.namespace == text
            is_pod = kind.lower() in ("", "pod", "po") and pod.name == name
            return is_pod or called in names_of(pod)

        return means

    def _nobody(self, text: str, option: str, parties: Sequence[Party]) -> RunError:
        names = {f"{pod.namespace}/{pod.workload.name}" for pod in self._pods.values()}
        names |= {pod.namespace for pod in self._pods.values()} | {party.name for party in parties}
        near = get_close_matches(text, sorted(names), 1)
        hint = f"did you mean {near[0]}?" if near else FORMS
        return RunError(f"{option}: {text!r} is nobody of this matrix", hint=hint)


def _has(pod: Pod, term: re.Match[str]) -> bool:
    """Whether a pod's labels are as one term asks."""
    value = pod.labels.get(term["key"])
    if term["op"] is None:
        return (value is None) if term["no"] else value is not None
    return (value != term["value"]) if term["op"] == "!=" else value == term["value"]

"""Mutants of what only the policies of engines ask for, which only their random worlds can tell."""

from __future__ import annotations

from tests.tools.mutant_list import Mutant

ENGINES, CHANGING = "engines: ", "engines over time: "
"""How their names begin."""
_RULES = "compile/rules/"

ENGINE_MUTANTS = tuple(
    Mutant(*one)
    for one in (
        (
            ENGINES + "tiers in the order of their names",
            _RULES + "isolation.py",
            "tiers = tiers_of(policies)",
            "tiers = tuple(sorted(tiers_of(policies), key=lambda tier: tier.name))",
        ),
        (
            ENGINES + "a default that is asked last is asked in its tier",
            _RULES + "isolation.py",
            "return len(self._number) if policy.tier.asked_last else self._number[policy.tier]",
            "return self._number[policy.tier]",
        ),
        (
            ENGINES + "tiers that pass deny",
            _RULES + "isolation.py",
            "policy.isolates_whom(direction) if policy.tier.denies else ()",
            "policy.isolates_whom(direction)",
        ),
        (
            ENGINES + "whom policies may isolate they do not",
            _RULES + "rows.py",
            "for one in isolation.perhaps(decisions):",
            "for one in ():",
        ),
        (
            ENGINES + "whom policies may isolate they do",
            _RULES + "rows.py",
            "asked = questions.number(one.question), 0",
            "asked = 0, 0",
        ),
        (
            ENGINES + "within a level as written",
            _RULES + "rows.py",
            "rule.level), IN_LEVEL[rule.action]",
            "rule.level), 0",
        ),
        (
            ENGINES + "a rule's own level left out",
            _RULES + "rows.py",
            "(policy.priority if rule.level is None else rule.level)",
            "policy.priority",
        ),
        (
            ENGINES + "levels in every tier",
            _RULES + "rows.py",
            "if not policy.tier.by_level:",
            "if False:",
        ),
        (
            ENGINES + "a rule is for all subjects of its policy",
            _RULES + "rows.py",
            "own = [subject] if rule.subject is None else",
            "own = [subject] if True else",
        ),
        (
            ENGINES + "what a rule needs is there",
            _RULES + "rows.py",
            "if numbered.rule.open_for:",
            "if numbered.rule.unread:",
        ),
        (
            ENGINES + "two questions are the first",
            _RULES + "rows.py",
            "return one[0], (one[1], other[1])",
            "return one",
        ),
        (
            ENGINES + "staged policies are in force",
            _RULES + "directions.py",
            "if options.staged or not policy.staged]",
            "]",
        ),
        (
            ENGINES + "not is everything that is not sure",
            _RULES + "answered.py",
            "return Answered(self.everyone & ~self.possible(part), part.open)",
            "return Answered(self.everyone & ~part.yes)",
        ),
        (
            ENGINES + "all of is the open ones, too",
            _RULES + "answered.py",
            "yes = reduce(np.bitwise_and, (part.yes for part in parts), self.everyone)",
            "yes = reduce(np.bitwise_and, map(self.possible, parts), self.everyone)",
        ),
        (
            ENGINES + "any of leaves nothing open",
            _RULES + "answered.py",
            "return Answered(yes, self._first(parts, self.everyone & ~yes))",
            "return Answered(yes)",
        ),
        (
            ENGINES + "an own node is a node like others",
            _RULES + "things.py",
            "self.own_nodes = self._of_kind(a.KIND_OWN_NODE)",
            "self.own_nodes = self._of_kind()",
        ),
        (
            ENGINES + "own nodes are asked on the way in only",
            "kernels/decide.py",
            "        peer = own_peer[dst, 1]",
            "        peer = own_peer[dst, 1] * 0 + peer",
        ),
        (
            ENGINES + "own nodes are asked on the way out only",
            "kernels/decide.py",
            "        peer = own_peer[src, 0]",
            "        peer = own_peer[src, 0] * 0 + peer",
        ),
        (
            ENGINES + "own nodes are let in whatever the options say",
            _RULES + "settled.py",
            'return a.OWN_NODE if comes_in and options.own_node == "allowed" else -1',
            "return a.OWN_NODE if comes_in else -1",
        ),
        (
            ENGINES + "nodes are never subjects",
            _RULES + "settled.py",
            "(a.KIND_POD, a.KIND_NODE) if options.host_policies else (a.KIND_POD,)",
            "(a.KIND_POD,)",
        ),
        (
            ENGINES + "addresses outside are no nodes",
            _RULES + "things.py",
            "self.may_be_nodes = index.nobody if cluster.lists_nodes else blocks",
            "self.may_be_nodes = index.nobody",
        ),
        (
            ENGINES + "labels that are absent never match",
            _RULES + "things.py",
            "        if clause.matches({}):\n            found = found | self.outside",
            "        if False:\n            found = found | self.outside",
        ),
        (
            ENGINES + "nobody's account has labels",
            _RULES + "things.py",
            "return a.REASON_NO_SERVICE_ACCOUNT if labels is None else clause.matches(labels)",
            "return clause.matches(labels or {})",
        ),
        (
            ENGINES + "every pod runs as any account",
            _RULES + "things.py",
            "for e, pod in self._axis.pods if pod.account in names)",
            "for e, pod in self._axis.pods)",
        ),
        (
            ENGINES + "families are not told apart",
            _RULES + "things.py",
            "return a.REASON_UNSUPPORTED_FIELD if prefix is None else prefix.version == version",
            "return a.REASON_UNSUPPORTED_FIELD if prefix is None else True",
        ),
        (
            ENGINES + "blocks match nodes always",
            _RULES + "peers.py",
            "        if not peer.may_match_nodes:",
            "        if False:",
        ),
        (
            ENGINES + "one address for a pod that counts as a whole",
            _RULES + "peers.py",
            "        if not whole:\n",
            "        if True:\n",
        ),
        (
            ENGINES + "exceptions of one address for a pod that counts as a whole",
            _RULES + "peers.py",
            "inside = inside & ~self._whole.spread(self._index.select_block(gap, ()))",
            "inside = inside & ~self._index.select_block(gap, ())",
        ),
        (
            ENGINES + "sets by their own labels only",
            _RULES + "things.py",
            "case Labelled(Of.NAMESPACE, clause) if one.namespace:",
            "case Labelled(Of.NAMESPACE, clause) if False:",
        ),
        (
            ENGINES + "sets of all namespaces have one name",
            _RULES + "things.py",
            "return (one.namespace, one.name) == (namespace, name)",
            "return one.name == name",
        ),
        (
            ENGINES + "Services of any labels",
            _RULES + "peers.py",
            " if any(peer.labels.matches(one.labels) for one in own)]",
            "]",
        ),
        (
            ENGINES + "what leads nowhere is nobody",
            _RULES + "peers.py",
            "return Answered(self._index.nobody, ((a.REASON_UNSUPPORTED_FIELD, self._index.everyone),))",
            "return Answered(self._index.nobody)",
        ),
        (
            ENGINES + "names in sidecars count always",
            _RULES + "aims.py",
            "return [port for port in pod.ports if not port.sidecar]",
            "return list(pod.ports)",
        ),
        (
            ENGINES + "names in init containers never count",
            _RULES + "aims.py",
            "return [*pod.ports, *pod.init_ports]",
            "return [*pod.ports]",
        ),
        (
            ENGINES + "a name stands for all that have it",
            _RULES + "aims.py",
            'last = options.same_port_name == "last"',
            "last = False",
        ),
        (
            ENGINES + "a range from a name is its first port",
            _RULES + "aims.py",
            "last = number if port.last is None else max(number, port.last)",
            "last = number",
        ),
        (
            ENGINES + "what is left of ports is left everywhere",
            _RULES + "aims.py",
            "yield Aim(left, destinations if names else None)",
            "yield Aim(left)",
        ),
        (
            ENGINES + "all but a protocol is all",
            _RULES + "ports.py",
            "edges = [(0, 0), *gaps, (self.other + 1, self.other + 1)]",
            "edges = [(0, 0), (self.other + 1, self.other + 1)]",
        ),
        (
            ENGINES + "ICMP has no types",
            "flows/canonical/numbers.py",
            "    found[lacking] = -1\n",
            "    found[:] = -1\n",
        ),
        (
            ENGINES + "a missing ICMP type is type 0",
            "flows/canonical/numbers.py",
            "    found[lacking] = -1\n",
            "    found[lacking] = 0\n",
        ),
        (
            CHANGING + "what was once in a set is in it",
            _RULES + "answered.py",
            "        yes = reduce(np.bitwise_and, (one.yes for one in versions))",
            "        yes = reduce(np.bitwise_or, (one.yes for one in versions))",
        ),
        (
            CHANGING + "what was not always in a set is not in it",
            _RULES + "answered.py",
            "changing = Answered(self.nobody, ((a.REASON_AMBIGUOUS_POLICY, some),))",
            "changing = Answered(self.nobody)",
        ),
        (
            CHANGING + "addresses of a pod that counts as a whole do not tell its versions apart",
            "compile/endpoints/layout.py",
            "        pod.addresses if whole else (),\n",
            "",
        ),
        (
            CHANGING + "what expressions ask does not tell versions apart",
            "compile/endpoints/alike.py",
            "*self._clauses(Of.OWN), ",
            "",
        ),
    )
)

"""Mistakes in Calico's dialect, and in what Calico makes of policies; its own tests must notice each."""

from __future__ import annotations

from tests.tools.mutant_list import Mutant

CALICO = "Calico: "
"""How their names begin."""
_DIALECT, _VIEW = "dialects/calico/", "engines/calico.py"

CALICO_MUTANTS = tuple(
    Mutant(CALICO + name, file, old, new)
    for name, file, old, new in (
        (
            "|| binds closer than &&",
            f"{_DIALECT}selectors.py",
            "            case Kind.AND:\n                place += 1\n            case Kind.OR:\n"
            "                groups[-1].next_sum()\n",
            "            case Kind.OR:\n                place += 1\n            case Kind.AND:\n"
            "                groups[-1].next_sum()\n",
        ),
        (
            "two ! are one",
            f"{_DIALECT}selectors.py",
            "negated, place = not negated, place + 1",
            "negated, place = True, place + 1",
        ),
        (
            "a ! before a parenthesis is lost",
            f"{_DIALECT}selectors.py",
            "groups.append(_Group(negated))",
            "groups.append(_Group())",
        ),
        ("a newline is a blank", f"{_DIALECT}tokens.py", '_BLANKS = " \\t"', '_BLANKS = " \\t\\n"'),
        (
            "contains is an operator in containsx",
            f"{_DIALECT}tokens.py",
            "(?![A-Za-z0-9_./-])",
            "",
        ),
        (
            "all() of namespaces is everyone",
            f"{_DIALECT}texts.py",
            "return _read(field, of_its_namespace, IN_A_NAMESPACE)",
            "return _read(field, of_its_namespace, EVERYTHING)",
        ),
        (
            "global() is all()",
            f"{_DIALECT}texts.py",
            "return negation(IN_A_NAMESPACE)",
            "return IN_A_NAMESPACE",
        ),
        (
            "places are counted from 0",
            f"{_DIALECT}texts.py",
            "{error.place + 1}",
            "{error.place}",
        ),
        (
            "pcns. is a label of the pod",
            f"{_DIALECT}labels.py",
            "return of_its_namespace(clause._replace(key=key.removeprefix(_OF_NAMESPACE)))",
            "return own(clause)",
        ),
        (
            "names of accounts are labels of theirs",
            f"{_DIALECT}labels.py",
            "if clause.key != NAME:\n        return Labelled(Of.ACCOUNT, clause)",
            "if True:\n        return Labelled(Of.ACCOUNT, clause)",
        ),
        (
            "a selector takes pods only",
            f"{_DIALECT}ends.py",
            "return AnyOf((pods(what), InSets(what, may_match_pods=True)))",
            "return AnyOf((pods(what),))",
        ),
        (
            "pods in a network set are not taken",
            f"{_DIALECT}ends.py",
            "InSets(what, may_match_pods=True)",
            "InSets(what, may_match_pods=False)",
        ),
        (
            "a notSelector alone is of everybody in a NetworkPolicy too",
            f"{_DIALECT}entities.py",
            'if own and (found or _says(parts, "notSelector")):',
            "if own and found:",
        ),
        (
            "a namespaceSelector keeps to the own namespace",
            f"{_DIALECT}entities.py",
            'own = namespace and not _says(parts, "namespaceSelector")',
            "own = namespace",
        ),
        (
            "notNets are for both IP versions",
            f"{_DIALECT}entities.py",
            "[_of_versions({_version(net) for net in but_nets}), Not(AnyOf(tuple(map(_block, but_nets))))]",
            "[Not(AnyOf(tuple(map(_block, but_nets))))]",
        ),
        (
            "source and destination are swapped in egress rules",
            f"{_DIALECT}rules.py",
            "(source, destination) if place.is_ingress else (destination, source)",
            "(source, destination)",
        ),
        (
            "Log denies",
            f"{_DIALECT}rules.py",
            '{"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}',
            '{"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS, "Log": Action.DENY}',
        ),
        (
            "services without a namespace are of the policy's",
            f"{_DIALECT}rules.py",
            "if far.service is not None and not far.service[0]:",
            "if False:",
        ),
        (
            "a named port without a protocol is of TCP",
            f"{_DIALECT}ports.py",
            "for protocol in sorted(WITH_PORTS - {given.not_protocol}):",
            "for protocol in sorted({TCP} - {given.not_protocol}):",
        ),
        (
            "notPorts are forgotten beside names",
            f"{_DIALECT}ports.py",
            "return (PortsBut(protocol, ports, but),)",
            "return ranges",
        ),
        (
            "a code is a type",
            f"{_DIALECT}ports.py",
            "whole = icmp_range(given.protocol, *(given.icmp or ()))",
            "whole = icmp_range(given.protocol, *(given.icmp or ())[::-1])",
        ),
        (
            "absent types are both",
            f"{_DIALECT}policies.py",
            "return frozenset(Direction) if stored else frozenset(written or {Direction.INGRESS})",
            "return frozenset(Direction)",
        ),
        (
            "stored objects are filled in",
            f"{_DIALECT}policies.py",
            'return document.api_version == STORED or (isinstance(meta, dict) and bool(meta.get("uid")))',
            "return False",
        ),
        (
            "untracked policies are for pods",
            f"{_DIALECT}policies.py",
            "    if early or is_deletion:",
            "    if is_deletion:",
        ),
        (
            "no order is the first",
            f"{_DIALECT}policies.py",
            'if "order" in spec else math.inf',
            'if "order" in spec else 0',
        ),
        (
            "policies of one order are asked by namespace first",
            _VIEW,
            'return f"{policy.name}/{policy.namespace}/{kind}"',
            'return f"{policy.namespace}/{policy.name}/{kind}"',
        ),
        (
            "Kubernetes' policies come first in their tier",
            _VIEW,
            "KUBERNETES_ORDER = 1000",
            "KUBERNETES_ORDER = 0",
        ),
        (
            "a tier that is not there comes first",
            _VIEW,
            "Tier(name, math.inf, denies=True)",
            "Tier(name, -math.inf, denies=True)",
        ),
        (
            "a rule that cannot be converted is left out, whatever it does",
            _VIEW,
            "elif rule.action is not Action.ALLOW:",
            "elif False:",
        ),
        (
            "sets are left out where there are some",
            _VIEW,
            "if not self.has_sets:",
            "if True:",
        ),
        (
            "a tier's default is always Deny",
            "objects/network/tiers.py",
            'denies=action == "Deny")',
            "denies=True)",
        ),
        (
            "a tier without an order is the first",
            "objects/network/tiers.py",
            "CALICO_LAST if spec.order is None else spec.order",
            "spec.order or 0.0",
        ),
    )
)

"""Mutants of how a network plugin is recognised and what its switches do, which their own tests can tell."""

from __future__ import annotations

from tests.tools.mutant_list import Mutant

PROFILES = "profiles: "
"""How their names begin."""
_SWITCHES = "engines/switches/"

PROFILE_MUTANTS = tuple(
    Mutant(PROFILES + name, file, old, new)
    for name, file, old, new in (
        (
            "rules beside policyTypes never isolate",
            _SWITCHES + "rules.py",
            "isolates=policy.isolates | beside.keys() if isolating else policy.isolates",
            "isolates=policy.isolates",
        ),
        (
            "rules beside policyTypes always isolate",
            _SWITCHES + "rules.py",
            "if isolating else policy.isolates",
            "if True else policy.isolates",
        ),
        (
            "a Pass to nodes stays a Pass",
            _SWITCHES + "rules.py",
            "return replace(rule, action=Action.DENY, peers=(Anyone(),), ports=None)",
            "return replace(rule, peers=(Anyone(),), ports=None)",
        ),
        (
            "an Accept of nodes keeps its other peers",
            _SWITCHES + "rules.py",
            "        return None\n    return replace(rule, action",
            "        return rule\n    return replace(rule, action",
        ),
        (
            "a label without identity is passed over",
            _SWITCHES + "rules.py",
            "        elif not _holds_for_none(clause):\n            return None\n",
            "",
        ),
        (
            "a named port that is not read is no port",
            _SWITCHES + "rules.py",
            "PortRange(port.protocol) if isinstance",
            "PortRange(port.protocol, 1, 1) if isinstance",
        ),
        (
            "cluster-wide policies are never ignored",
            _SWITCHES + "rules.py",
            "            continue\n",
            "            yield policy\n",
        ),
        (
            "an ipBlock matches nodes as networks do",
            _SWITCHES + "blocks.py",
            'nodes = values["ipblock_matches_nodes"] == "yes"',
            'nodes = values["networks_match"] == "inside"',
        ),
        (
            "networks match nodes where they match pods",
            _SWITCHES + "blocks.py",
            "may_match_nodes=inside, whole=whole)",
            "may_match_nodes=pods, whole=whole)",
        ),
        (
            "the first of equal priority may come second only",
            _SWITCHES + "order.py",
            "if str(policy) != min(group):",
            "if False:",
        ),
        (
            "equal priorities that agree are open too",
            _SWITCHES + "order.py",
            "needs=Reason.AMBIGUOUS_POLICY)",
            "needs=Reason.AMBIGUOUS_POLICY, ingress=policy.ingress[:0])",
        ),
        (
            "a NetworkPolicy ends evaluation for its directions only",
            _SWITCHES + "order.py",
            "if direction not in policy.isolates}",
            "if direction in policy.isolates}",
        ),
        (
            "strict mode is for one direction",
            _SWITCHES + "around.py",
            "both = frozenset(Direction)",
            "both = frozenset({Direction.EGRESS})",
        ),
        (
            "all nodes are one's own",
            _SWITCHES + "around.py",
            "(Where(IsA(Kind.OWN_NODE)),)",
            "(Where(IsA(Kind.NODE)),)",
        ),
        (
            "a selector of pods takes the host network",
            _SWITCHES + "around.py",
            "and peer.namespaces.matches(labels)",
            "and True",
        ),
        (
            "the last of one name is taken for the first",
            _SWITCHES + "around.py",
            "for port in pod.ports:",
            "for port in reversed(pod.ports):",
        ),
        (
            "who gives addresses enforces",
            "engines/signs.py",
            'ONLY_ADDRESSES = ("aws", "flannel")',
            "ONLY_ADDRESSES = ()",
        ),
        (
            "Flannel is always alone",
            "engines/signs.py",
            'if chosen == "flannel" and (why := _not_alone(cluster)):',
            "if False and (why := _not_alone(cluster)):",
        ),
        (
            "DaemonSets that are gone or other objects count alike",
            "engines/signs.py",
            "        if told.keys() - set(ONLY_ADDRESSES):\n            break\n",
            "",
        ),
        (
            "a profile beats a person",
            "engines/profiles.py",
            "    values |= given\n",
            "    values = {**given, **values}\n",
        ),
        (
            "policies of another engine stay",
            "engines/languages.py",
            'for policy in network if language_of(policy) in ("", cni))',
            "for policy in network)",
        ),
        (
            "what nobody enforces is a violation",
            "results/finding/violating.py",
            "    codes[expected(program, edges)] = a.NO_VIOLATION\n",
            "",
        ),
        (
            "what nobody enforces is kept as a violation",
            "judging/batch.py",
            "if not program.options.enforced:",
            "if False:",
        ),
    )
)

"""Mutants of how Cilium's policies are read and seen, which its own tests can tell."""

from __future__ import annotations

from tests.tools.mutant_list import Mutant

CILIUM = "Cilium: "
"""How their names begin."""
_READ, _SEEN = "dialects/cilium/", "engines/cilium/"

CILIUM_MUTANTS = tuple(
    Mutant(CILIUM + name, file, old, new)
    for name, file, old, new in (
        (
            "a policy of denials does not isolate",
            _READ + "policies.py",
            "filled - off",
            "filled - off - {d for d in Direction if not any(r.action == 'allow' for r in rules[d])}",
        ),
        (
            "default deny cannot be turned off",
            _READ + "policies.py",
            "frozenset(filled - off)",
            "frozenset(filled)",
        ),
        (
            "default deny without rules isolates",
            _READ + "policies.py",
            "frozenset(filled - off)",
            "frozenset({*filled, *(d for d in Direction if d in chosen)} - off)",
        ),
        (
            "one bad spec is left out alone",
            _READ + "policies.py",
            "if context.refused or not specs:",
            "if not specs:",
        ),
        (
            "a spec's rules are for all subjects",
            _READ + "policies.py",
            "replace(rule, subject=spec.subject,",
            "replace(rule, subject=None,",
        ),
        ("denials allow", _READ + "rules.py", "Action.DENY if denies else Action.ALLOW", "Action.ALLOW"),
        (
            "an empty entry is about everyone",
            _READ + "rules.py",
            "        peers = ()\n",
            "        peers = None\n",
        ),
        ("authentication is not needed", _READ + "rules.py", 'mode not in (None, "disabled")', "False"),
        (
            "authentication hangs on a rule that allows",
            _READ + "rules.py",
            "label=name, action=Action.DENY,",
            "label=name, action=Action.ALLOW,",
        ),
        (
            "an empty list of peers is as if absent",
            _READ + "peers.py",
            "return Whom((), written=",
            "return Whom(None, written=",
        ),
        (
            "an empty list of Services is nobody",
            _READ + "peers.py",
            '_EMPTY_IS_NOBODY = ("Endpoints",',
            '_EMPTY_IS_NOBODY = ("Services", "Endpoints",',
        ),
        ("peers may be combined", _READ + "peers.py", "if len(filled) > 1:", "if len(filled) > 2:"),
        (
            "Services of denials are looked up",
            _READ + "peers.py",
            'filled == ["Services"] and denies',
            "False",
        ),
        (
            "nodes have labels of Kubernetes' source",
            _READ + "peers.py",
            "one.source in (ANY, NODE)",
            'one.source in (ANY, NODE, "k8s")',
        ),
        (
            "the own namespace is not added",
            _READ + "things.py",
            "())\n    return _pods(clauses, (is_namespace(context.namespace),))",
            "())\n    return _pods(clauses, ())",
        ),
        (
            "the own namespace is always added",
            _READ + "things.py",
            "if any(one.names_namespace for one in clauses) or not context.namespace:",
            "if not context.namespace:",
        ),
        ("a subject may lie in another namespace", _READ + "things.py", "!= overridden", "!= ()"),
        (
            "a selector of namespace and cluster takes pods only",
            _READ + "things.py",
            "has_reserved(clauses) or named >= {POD_NAMESPACE, CLUSTER}",
            "has_reserved(clauses)",
        ),
        (
            "a reserved key is a label",
            _READ + "things.py",
            "has_reserved(clauses) or named",
            "named",
        ),
        (
            "labels of another source are there",
            _READ + "selectors.py",
            "return self.source in (ANY, KUBERNETES)",
            "return self.source != RESERVED",
        ),
        ("host is every node", _READ + "things.py", '"host": (Where(_OWN_NODE),)', '"host": (Where(_NODE),)'),
        ("remote nodes are all", _READ + "things.py", "AllOf((_NODE, Not(_OWN_NODE)))", "AllOf((_NODE,))"),
        (
            "cluster is pods",
            _READ + "things.py",
            '"cluster": (Where(Not(_OUTSIDE)), _API_SERVER)',
            '"cluster": (Where(_POD), _API_SERVER)',
        ),
        ("ANY is TCP", _READ + "ports.py", 'PROTOCOLS.values() if word == "ANY"', '[6] if word == "ANY"'),
        ("port 0 is port 0", _READ + "ports.py", "if number else LAST_NUMBER", "if number else 0"),
        ("an endPort below counts", _READ + "ports.py", "max(number, end or 0)", "(end or number)"),
        (
            "leading zeros are decimal",
            _READ + "ports.py",
            'int(octal.replace("_", ""), 8)',
            'int(octal.replace("_", ""))',
        ),
        ("names of ports as written", _READ + "ports.py", "NamedPort(text.lower(),", "NamedPort(text,"),
        (
            "a range begins at a name on egress too",
            _READ + "ports.py",
            "end if direction is Direction.INGRESS else None",
            "end",
        ),
        (
            "no ports are all ports",
            _READ + "ports.py",
            "if not entries and not messages:\n        return None",
            "if not messages and not any(entry.value for entry in entries):\n        return None",
        ),
        ("ICMP type 0 is one type", _READ + "ports.py", "if type_ == 0:", "if False:"),
        ("requests are not asked for", _READ + "l7.py", "Reason.NEEDS_L7 if asks", "Reason.NONE if asks"),
        (
            "an exception may lie outside",
            _READ + "blocks.py",
            'if ipaddress.ip_interface(entry.text() or "").ip not in network:',
            "if False:",
        ),
        (
            "a prefix length with zeros before it is taken",
            _READ + "blocks.py",
            "if str(network.prefixlen) != bits:",
            "if network is None:",
        ),
        ("policyTypes count", _SEEN + "view.py", "policy.isolates | beside.keys()", "policy.isolates"),
        (
            "rules of one priority do not interleave",
            _SEEN + "view.py",
            "policy.priority + n / 100",
            "policy.priority",
        ),
        (
            "names are not looked up",
            _SEEN + "view.py",
            "if any(isinstance(peer, DomainNames) for peer in rule.peers or ()):",
            "if False:",
        ),
        (
            "what the proxy refuses goes on",
            _SEEN + "view.py",
            "if self._has_tiers and seen.action",
            "if False and seen.action",
        ),
        (
            "the API server is where nothing tells",
            _SEEN + "view.py",
            "self.misses_api_server = asked and not told",
            "self.misses_api_server = False",
        ),
        (
            "blocks match pods",
            _SEEN + "sight.py",
            "return (pods, pods and nodes) if cidr in _WORLD else (pods, nodes)",
            "return (True, nodes)",
        ),
        (
            "everything is a block like others",
            _SEEN + "sight.py",
            "return (pods, pods and nodes) if cidr in _WORLD else (pods, nodes)",
            "return (pods, nodes)",
        ),
        (
            "nodes by label may be the own",
            _SEEN + "sight.py",
            "(IsA(Kind.NODE), Not(IsA(Kind.OWN_NODE)))",
            "(IsA(Kind.NODE),)",
        ),
        (
            "selectors see all labels",
            _SEEN + "identities.py",
            "return None if self.has(prefix + clause.key) else",
            "return None if True else",
        ),
        (
            "what no identity has is anybody's",
            _SEEN + "identities.py",
            "clause.operator not in _POSITIVE\n\n    def nodes",
            "True\n\n    def nodes",
        ),
        (
            "the shorter pattern wins",
            _SEEN + "identities.py",
            "return taken > left_out or",
            "return bool(taken) or",
        ),
        (
            "chosen patterns do not leave out others",
            _SEEN + "identities.py",
            "(not only_taken and not left_out)",
            "(not left_out)",
        ),
        ("the own node needs a rule", _SEEN + "enforcing.py", "if settings.localhost_allowed:", "if False:"),
        (
            "enable-policy always is default",
            _SEEN + "enforcing.py",
            'if settings.enforcement == "always":',
            "if False:",
        ),
        (
            "the first of several ports of one name",
            _SEEN + "enforcing.py",
            'same_port_name="last"',
            'same_port_name="all"',
        ),
        (
            "nodes by label need no setting",
            _SEEN + "refused.py",
            "if not settings.node_selector_labels and",
            "if False and",
        ),
        ("hosts need no firewall", _SEEN + "refused.py", "and not settings.host_firewall", "and False"),
        (
            "AdminNetworkPolicy is enforced",
            _SEEN + "refused.py",
            '.get(policy.kind, ("", False))',
            '.get(policy.kind, ("", True))',
        ),
        (
            "absent settings turn policies off",
            "objects/network/agents.py",
            'given.truth("enable-cilium-network-policy", absent=True)',
            'given.truth("enable-cilium-network-policy")',
        ),
        (
            "every ConfigMap is read",
            "kinds.py",
            'frozenset({"cilium-config", "istio", "linkerd-config"})',
            'frozenset({"cilium-config", "istio", "other"})',
        ),
        ("several specs are not kept", "history/inventory/texts.py", '"specs", "data", ', '"data", '),
    )
)

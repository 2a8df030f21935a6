"""The mutants: one mistake each that someone could make, as a replacement of source text.

``old`` must occur exactly once in ``file`` (under ``flowcheck/``); it changes with the code there.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    # -- tiers, order, actions
    Mutant(
        "Pass and Deny swapped",
        "compile/rows.py",
        "Action.DENY: a.ACTION_DENY, Action.PASS: a.ACTION_PASS",
        "Action.DENY: a.ACTION_PASS, Action.PASS: a.ACTION_DENY",
    ),
    Mutant(
        "Pass goes to the next rule, not the next tier", "kernels/rows.py", "passed = True", "passed = False"
    ),
    Mutant("Pass allows", "kernels/rows.py", "passed = True", "return a.NO_POLICY"),
    Mutant(
        "higher priority number asked first",
        "compile/build.py",
        "key=lambda policy: (policy.order, policy.lifetime.start))",
        "key=lambda policy: (policy.tier, -policy.priority, *policy.order[2:]))",
    ),
    Mutant(
        "ties in priority broken by name backwards",
        "compile/build.py",
        "sorted(cluster.policies, key=lambda policy: (policy.order, policy.lifetime.start))",
        "sorted(sorted(cluster.policies, key=lambda p: p.order)[::-1], key=lambda p: p.order[:2])",
    ),
    Mutant(
        "rules asked from the last to the first",
        "compile/build.py",
        "for rule in policy.rules(direction)",
        "for rule in reversed(policy.rules(direction))",
    ),
    Mutant(
        "Baseline asked together with NetworkPolicies",
        "compile/rows.py",
        "int(numbered.policy.tier),",
        "min(int(numbered.policy.tier), 1),",
    ),
    Mutant(
        "default deny put after Baseline",
        "compile/isolation.py",
        "with_ports[Tier.NETWORK_POLICY] =",
        "with_ports[Tier.BASELINE] =",
    ),
    Mutant(
        "Baseline skipped for pods isolated in the other direction",
        "compile/isolation.py",
        "        return self._numbers.setdefault(by, self._first + len(self._numbers)) if by else -1\n",
        "        other = any(in_force[p] for d in Direction for p in self.isolating(endpoint, d))\n"
        "        if not by and other:\n"
        "            return a.NO_POLICY\n"
        "        return self._numbers.setdefault(by, self._first + len(self._numbers)) if by else -1\n",
    ),
    # -- isolation
    Mutant(
        "a policy isolates in both directions",
        "compile/isolation.py",
        "for n, p in enumerate(policies) if d in p.isolates]",
        "for n, p in enumerate(policies) if p.isolates]",
    ),
    Mutant(
        "default deny allows",
        "compile/isolation.py",
        "        a.DENY,\n",
        "        a.ALLOW,\n",
    ),
    Mutant(
        "a policy without rules isolates nobody",
        "compile/isolation.py",
        "for n, p in enumerate(policies) if d in p.isolates]",
        "for n, p in enumerate(policies) if d in p.isolates and p.rules(d)]",
    ),
    # -- selectors
    Mutant(
        "a pod query in one namespace reaches all",
        "compile/selectors.py",
        "scope = self._namespace(query.namespace)",
        "scope = self.pods",
    ),
    Mutant(
        "a namespace selector is ignored",
        "compile/selectors.py",
        "if selector.matches(labels) for e in members",
        "for e in members",
    ),
    Mutant(
        "NotIn needs the key",
        "compile/selectors.py",
        "return self.pods & ~self._any_value(requirement.key, requirement.values)",
        "return self._any_value(requirement.key, set(values) - requirement.values)",
    ),
    Mutant(
        "Exists overlooks the empty value",
        "compile/selectors.py",
        "return self._any_value(requirement.key, values)",
        "return self._any_value(requirement.key, [v for v in values if v])",
    ),
    Mutant(
        "DoesNotExist holds for the empty value",
        "compile/selectors.py",
        "return self.pods & ~self._any_value(requirement.key, values)",
        "return self.pods & ~self._any_value(requirement.key, [v for v in values if v])",
    ),
    Mutant(
        "requirements are alternatives",
        "compile/selectors.py",
        "            words = words & self._requirement(requirement)",
        "            words = self._requirement(requirement) | (\n"
        "                words if requirement is not selector.requirements[0] else bitset.empty(self._n)\n"
        "            )",
    ),
    Mutant(
        "a node peer is every node",
        "compile/selectors.py",
        "if nodes.matches(node.labels)",
        "if node.name",
    ),
    # -- peers
    Mutant(
        "absent peers are pods only",
        "compile/rows.py",
        "PeerSet(self._index.everyone, 0)",
        "PeerSet(self._index.pods, 0)",
    ),
    Mutant(
        "only the first peer counts",
        "compile/rows.py",
        "for peer in rule.peers:",
        "for peer in rule.peers[:1]:",
    ),
    Mutant(
        "an empty list of peers is everyone",
        "compile/rows.py",
        "if rule.peers is None:",
        "if not rule.peers:",
    ),
    Mutant(
        "Anyone is pods only",
        "compile/rows.py",
        "sure = sure | self._index.everyone",
        "sure = sure | self._index.pods",
    ),
    Mutant(
        "domain names match nothing",
        "compile/rows.py",
        "maybe[a.REASON_NEEDS_DNS] = self._index.external()",
        "pass",
    ),
    Mutant(
        "domain names surely match",
        "compile/rows.py",
        "maybe[a.REASON_NEEDS_DNS] = self._index.external()",
        "sure = sure | self._index.external()",
    ),
    # -- address blocks
    Mutant(
        "except is ignored",
        "compile/selectors.py",
        "inside &= ~self._inside(exception)",
        "pass",
    ),
    Mutant(
        "the last address of a block is outside",
        "compile/selectors.py",
        "bisect_right(keys, last)",
        "bisect_left(keys, last)",
    ),
    Mutant(
        "a block of everything has both families",
        "compile/selectors.py",
        "chosen = order[_slice(keys, network)]",
        "chosen = order[_slice(keys, network)] if network.prefixlen else np.arange(self._n)",
    ),
    Mutant(
        "ipBlock never matches pods",
        "compile/rows.py",
        "None: self._options.ipblock_matches_pods",
        'None: "no"',
    ),
    Mutant(
        "ipBlock always matches pods",
        "compile/rows.py",
        "None: self._options.ipblock_matches_pods",
        'None: "yes"',
    ),
    Mutant(
        "networks obey the option for ipBlock",
        "compile/rows.py",
        'True: "yes"',
        "True: self._options.ipblock_matches_pods",
    ),
    Mutant(
        "doubt about ipBlock left out",
        "compile/rows.py",
        'if choice == "unknown":',
        'if choice == "never":',
    ),
    Mutant(
        "doubt though the verdict does not depend on it",
        "kernels/rows.py",
        "if verdict[other] != verdict[decision]:",
        "if other != decision:",
    ),
    # -- ports
    Mutant(
        "a range of ports without its last class",
        "compile/ports.py",
        "int(self.class_of[slot, ports.last]) + 1",
        "int(self.class_of[slot, ports.last]) + (ports.first == ports.last)",
    ),
    Mutant(
        "a range of ports is its first class",
        "compile/ports.py",
        "int(self.class_of[slot, ports.last]) + 1",
        "int(self.class_of[slot, ports.first]) + 1",
    ),
    Mutant(
        "an empty list of ports is every port",
        "compile/rows.py",
        "if rule.ports is None:",
        "if not rule.ports:",
    ),
    Mutant(
        "only the first port counts",
        "compile/rows.py",
        "for port in rule.ports:",
        "for port in rule.ports[:1]:",
    ),
    Mutant(
        "a named port is looked up on the source",
        "compile/rows.py",
        "if direction is Direction.INGRESS:",
        "if direction is Direction.EGRESS:  # both ends swapped",
    ),
    Mutant(
        "a port name stands for its first number only",
        "compile/rows.py",
        "if port.name:",
        "if port.name and port is next(p for p in pod.ports if p.name == port.name):",
    ),
    Mutant(
        "a port name matches whatever its protocol",
        "compile/rows.py",
        "if port.protocol in (None, protocol):",
        "if port.protocol in (None, 6, 17, 132):",
    ),
    Mutant(
        "a port matches whatever the protocol",
        "kernels/decide.py",
        "np.int64(port_classes[slot, port])",
        "np.int64(port_classes[0, port])",
    ),
    Mutant("SCTP is TCP", "arrays.py", "= [0, 1, 2]", "= [0, 1, 0]"),
    Mutant(
        "every port is only ports, without ICMP",
        "compile/ports.py",
        "return 0, self.other + 1",
        "return 0, self.other",
    ),
    Mutant(
        "ICMP is denied by default",
        "compile/isolation.py",
        'if options.icmp == "unknown":',
        'if options.icmp == "never":',
    ),
    Mutant(
        "ICMP is always in doubt",
        "compile/isolation.py",
        'if options.icmp == "unknown":',
        "if options.icmp:",
    ),
    Mutant(
        "a missing port is port 0",
        "kernels/decide.py",
        "        return other_port + 1 + slot",
        "        port = 0",
    ),
    Mutant(
        "a missing port is any port that fits",
        "kernels/rows.py",
        "decision = a.UNKNOWN_DECISION + a.REASON_NO_PORT",
        "decision = out[port]",
    ),
    Mutant(
        "port ranges run one class too far",
        "kernels/rows.py",
        "port < rows.last_port[row]",
        "port <= rows.last_port[row]",
    ),
    # -- who is at an address
    Mutant(
        "only the first address of a pod counts",
        "compile/endpoints.py",
        "for text in pod.addresses)) or unaddressed",
        "for text in pod.addresses[:1])) or unaddressed",
    ),
    Mutant(
        "host-network pods are pods",
        "compile/endpoints.py",
        "        if pod.host_network:\n            continue\n",
        "",
    ),
    Mutant(
        "finished pods keep their addresses",
        "compile/endpoints.py",
        "live = [pod for pod in cluster.pods if not pod.finished]",
        "live = list(cluster.pods)",
    ),
    Mutant(
        "an address of several owners is the first one's",
        "compile/endpoints.py",
        "return segment.owners[0] if len(segment.owners) == 1 else several",
        "return segment.owners[0]",
    ),
    Mutant(
        "nobody's address in a pod range is external",
        "compile/endpoints.py",
        "kind = a.KIND_UNRESOLVED if inside else a.KIND_BLOCK",
        "kind = a.KIND_BLOCK",
    ),
    Mutant(
        "a Service address is external",
        "compile/virtual.py",
        "Endpoint(a.KIND_SERVICE, name, name,",
        "Endpoint(a.KIND_BLOCK, name, name,",
    ),
    Mutant(
        "a node is known by its Node only, not by its pods' host address",
        "compile/hosts.py",
        "if pod.node and pod.host_address:",
        "if pod.node in known and pod.host_address:",
    ),
    Mutant(
        "an IPv4-mapped address is IPv6",
        "kernels/lookup.py",
        "if high[i] == 0 and low[i]",
        "if high[i] == 1 and low[i]",
    ),
    Mutant(
        "an IPv6 block begins one address late",
        "kernels/lookup.py",
        "addresses.v6_low[middle] <= low",
        "addresses.v6_low[middle] < low",
    ),
    Mutant(
        "a workload's name is its first pod",
        "evaluate.py",
        "if first.several or second.several:",
        "if not program.rules and first.several:",
    ),
    # -- one flow
    Mutant(
        "traffic of a pod to itself is judged",
        "kernels/decide.py",
        "return endpoints[src, a.POD] >= 0 and",
        "return endpoints[src, a.POD] < -1 and",
    ),
    Mutant(
        "traffic from a pod's own node is judged",
        "kernels/decide.py",
        "if not is_own_node(endpoints, src, dst):",
        "if True:",
    ),
    Mutant(
        "every node reaches every pod",
        "kernels/decide.py",
        "and endpoints[src, a.NODE] == endpoints[dst, a.NODE]",
        "and endpoints[dst, a.NODE] >= -1",
    ),
    Mutant(
        "doubt beats denial",
        "kernels/decide.py",
        "if egress == a.DENY or ingress == a.DENY:",
        "if (egress == a.DENY or ingress == a.DENY) and egress != a.UNKNOWN and ingress != a.UNKNOWN:",
    ),
    Mutant(
        "one side that allows is enough",
        "kernels/decide.py",
        "if egress == a.DENY or ingress == a.DENY:",
        "if egress == a.DENY and ingress == a.DENY:",
    ),
    # -- NetworkPolicy as written
    Mutant(
        "no policyTypes: Egress always",
        "dialects/kubernetes.py",
        "return frozenset(Direction) if has_egress else frozenset({Direction.INGRESS})",
        "return frozenset(Direction)",
    ),
    Mutant(
        "no policyTypes: Ingress only",
        "dialects/kubernetes.py",
        "return frozenset(Direction) if has_egress else frozenset({Direction.INGRESS})",
        "return frozenset({Direction.INGRESS})",
    ),
    Mutant(
        "no policyTypes: Egress instead of Ingress",
        "dialects/kubernetes.py",
        "return frozenset(Direction) if has_egress else frozenset({Direction.INGRESS})",
        "return frozenset({Direction.EGRESS if has_egress else Direction.INGRESS})",
    ),
    Mutant(
        "an empty policyTypes isolates nobody",
        "dialects/kubernetes.py",
        "    if not types:\n        return frozenset(Direction) if",
        "    if field is None:\n        return frozenset(Direction) if",
    ),
    Mutant(
        "rules of a direction outside policyTypes count",
        "dialects/kubernetes.py",
        "            rules[direction] = ()\n",
        "            isolates = isolates | {direction}\n",
    ),
    Mutant(
        "an empty from is nobody",
        "dialects/kubernetes.py",
        "is not None) if peers else None,",
        "is not None) if peers_name in parts else None,",
    ),
    Mutant(
        "an empty ports is no port",
        "dialects/kubernetes.py",
        "is not None) if ports else None,",
        'is not None) if "ports" in parts else None,',
    ),
    Mutant(
        "an entry {} of ports is every protocol",
        "dialects/kubernetes.py",
        "tuple(port for p in ports if (port := _port(p)) is not None) if ports else None,",
        "tuple(port for p in ports if (port := _port(p)) is not None)\n"
        "        if ports and not any(p.value == {} for p in ports)\n        else None,",
    ),
    Mutant(
        "protocol missing is UDP",
        "dialects/kubernetes.py",
        'if "protocol" in parts else "TCP"',
        'if "protocol" in parts else "UDP"',
    ),
    Mutant(
        "endPort is not read",
        "dialects/kubernetes.py",
        "last = end.number(1, 65535) if end is not None else first",
        "last = first",
    ),
    Mutant(
        "endPort is the first port outside",
        "dialects/kubernetes.py",
        "return PortRange(protocol, first, last)",
        "return PortRange(protocol, first, max(first, last - 1))",
    ),
    Mutant(
        "podSelector alone means every namespace",
        "dialects/kubernetes.py",
        "    return PodQuery(namespace=namespace, pods=pods)\n",
        "    return PodQuery(namespaces=EVERYTHING, pods=pods)\n",
    ),
    Mutant(
        "podSelector beside namespaceSelector is ignored",
        "dialects/kubernetes.py",
        'PodQuery(namespaces=read_selector(parts["namespaceSelector"]), pods=pods)',
        'PodQuery(namespaces=read_selector(parts["namespaceSelector"]))',
    ),
    Mutant(
        "except is not read",
        "dialects/kubernetes.py",
        "excepts.append(str(inner))",
        "continue",
    ),
    Mutant(
        "ports of native sidecars are not read",
        "manifests/pods.py",
        'if one.restart_policy == "Always")',
        'if one.restart_policy == "Never")',
    ),
    Mutant(
        "ports of all init containers are read",
        "manifests/pods.py",
        'if one.restart_policy == "Always")',
        "if one)",
    ),
    Mutant(
        "only the first podIP is read",
        "manifests/pods.py",
        "for entry in status.pod_ips or ()]",
        "for entry in (status.pod_ips or ())[:1]]",
    ),
    Mutant(
        "failed pods are still running",
        "manifests/pod_times.py",
        'FINISHED = ("Succeeded", "Failed")',
        'FINISHED = ("Succeeded",)',
    ),
    # -- the admin tiers as written
    Mutant(
        "Baseline is read as Admin",
        "dialects/admin.py",
        'Tier.BASELINE if name == "Baseline" else Tier.ADMIN',
        "Tier.ADMIN",
    ),
    Mutant(
        "an allow rule with an unknown peer allows the others",
        "dialects/admin.py",
        "return Rule(label, action, (), ports, entry.source)",
        "return Rule(label, action, tuple(p for group in peers for p in group or ()), ports, entry.source)",
    ),
    Mutant(
        "a deny rule with an unknown peer denies nobody",
        "dialects/admin.py",
        "return Rule(label, Action.DENY, (Anyone(),), None, entry.source)",
        "return Rule(label, Action.DENY, (), None, entry.source)",
    ),
    Mutant(
        "networks are read as ipBlock",
        "dialects/admin.py",
        "AddressBlock(cidr, may_match_pods=True)",
        "AddressBlock(cidr)",
    ),
    Mutant(
        "destinationNamedPort is TCP",
        "dialects/admin.py",
        "return NamedPort(name, None)",
        "return NamedPort(name, 6)",
    ),
    Mutant(
        "priority is not read",
        "dialects/admin.py",
        '(spec["priority"].number(0, 1000) or 0) if "priority" in spec else 0',
        "0",
    ),
    Mutant(
        "a range of ports is its start",
        "dialects/admin.py",
        "return PortRange(protocol, first, last)",
        "return PortRange(protocol, first, first)",
    ),
    # -- addresses that lead elsewhere
    Mutant(
        "an address that Services share is none of theirs",
        "compile/virtual.py",
        "            if len(ends) > 1:",
        "            if False:",
    ),
    Mutant(
        "a Service's port at a node's address is the node's",
        "compile/virtual.py",
        "nodes.get(address, {}).items()",
        "{}.items()",
    ),
    Mutant(
        "Services that share an address are told apart by port alone",
        "compile/virtual.py",
        "return int(a.PROTOCOL_SLOT[port.protocol]) << 16 | port.port",
        "return port.port",
    ),
    Mutant(
        "an external address counts as a cluster IP",
        "compile/virtual.py",
        "a.INNER if inner else node",
        "a.INNER",
    ),
    Mutant(
        "host ports lead nowhere",
        "compile/host_ports.py",
        "if not port.host_port or not pod.node:",
        "if port.host_port or not pod.node:",
    ),
    Mutant(
        "a host port is the container's port too",
        "compile/host_ports.py",
        "((endpoint, port.number), life)",
        "((endpoint, port.host_port), life)",
    ),
    Mutant(
        "hostIP says nothing",
        "compile/host_ports.py",
        "    if not port.host_ip:",
        "    if port.host_ip is not None:",
    ),
    Mutant(
        "hostIP 0.0.0.0 is an address like any other",
        "compile/host_ports.py",
        "if wanted.network_address.is_unspecified:",
        "if False:",
    ),
    Mutant(
        "internalTrafficPolicy says nothing",
        "kernels/translate.py",
        "if inner_local == 0:",
        "if True:",
    ),
    Mutant(
        "externalTrafficPolicy says nothing",
        "kernels/translate.py",
        "return reached if outside and outer_local != 0 else EVERYWHERE",
        "return EVERYWHERE",
    ),
    Mutant(
        "externalTrafficPolicy is for clients inside too",
        "kernels/translate.py",
        "return reached if outside and outer_local != 0 else EVERYWHERE",
        "return reached if outer_local != 0 else EVERYWHERE",
    ),
    Mutant(
        "externalTrafficPolicy Local asks every node's backends",
        "kernels/translate.py",
        "return reached if outside and outer_local != 0 else EVERYWHERE",
        "return EACH if outside and outer_local != 0 else EVERYWHERE",
    ),
    Mutant(
        "which node the client is on never matters to a client outside",
        "kernels/translate.py",
        "return EACH if outside else node",
        "return EVERYWHERE if outside else node",
    ),
    Mutant(
        "Local backends serve to the end only where nobody is ready anywhere",
        "kernels/translate.py",
        "here = place == EVERYWHERE or place_of[b] == place",
        "here = True",
    ),
    Mutant(
        "of each node's own backends those that end are used beside ready ones",
        "kernels/translate.py",
        "if own < 0 or rank_of[b] == 0:",
        "if own < 0 or rank_of[b] >= 0:",
    ),
    Mutant(
        "backends on no known node are on every node",
        "kernels/translate.py",
        "            return own >= 0\n",
        "            return True\n",
    ),
    Mutant(
        "a slice does not say where its backends are",
        "compile/backends.py",
        "self._place(backend.node)",
        'self._place("")',
    ),
    Mutant(
        "a selected pod is on no node",
        "compile/backends.py",
        "self._place(pod.node)",
        'self._place("")',
    ),
    Mutant(
        "over time: a name in DNS has backends",
        "compile/backends.py",
        'if service.type == "ExternalName":',
        "if False:",
    ),
    Mutant(
        "over time: nobody listens at a Service's address",
        "compile/services.py",
        "words = of_services[end.prefix]",
        "words = set()",
    ),
    Mutant(
        "over time: no Service listens at a node's address",
        "compile/services.py",
        " | of_services.get(end.prefix, set())",
        "",
    ),
    Mutant(
        "over time: nobody listens on host ports",
        "compile/services.py",
        "words |= at_hosts.get(endpoint, set())",
        "pass",
    ),
    Mutant(
        "over time: a shared address is the Service's that had the port first",
        "kernels/lookup.py",
        "segment = last_begun(starts, segment_firsts[door], segment_firsts[door + 1], seen_at[i])",
        "segment = segment_firsts[door]",
    ),
    Mutant(
        "over time: a host port is the first pod's for good",
        "kernels/translate.py",
        "segment = last_begun(host_start, host_segment[door], host_segment[door + 1], seen_at[i])",
        "segment = host_segment[door]",
    ),
    Mutant(
        "a Service without an address yet is headless",
        "manifests/services.py",
        'headless = "None" in own',
        'headless = not any(ip and ip != "None" for ip in own)',
    ),
    Mutant(
        "a headless Service has external addresses",
        "manifests/services.py",
        "() if headless else outside",
        "outside",
    ),
    Mutant(
        "hostPort is not read",
        "manifests/pods.py",
        "    if not port.host_port:\n",
        "    if True:\n",
    ),
    Mutant(
        "hostIP is not read",
        "manifests/pods.py",
        'return port.host_port, address[0] if address else ""',
        'return port.host_port, ""',
    ),
    Mutant(
        "who is not ready does not serve unless it says so",
        "manifests/services.py",
        "serving=state.serving is not False,",
        "serving=ready if state.serving is None else state.serving,",
    ),
    # -- over time, through Services, replies
    Mutant(
        "over time: clocks agree",
        "compile/build.py",
        "_blocks(cluster.policies), options.skew, options",
        "_blocks(cluster.policies), 0, options",
    ),
    Mutant(
        "over time: who may be there is as good as who surely is",
        "compile/ownership.py",
        "possible = sure or tuple(",
        "possible = tuple(",
    ),
    Mutant(
        "over time: an address without an owner just then is external",
        "compile/endpoints.py",
        "axis.nobody = axis.add(Endpoint(a.KIND_UNRESOLVED,",
        "axis.nobody = axis.add(Endpoint(a.KIND_BLOCK,",
    ),
    Mutant(
        "over time: an owner begins a moment late",
        "kernels/lookup.py",
        "if starts[middle] <= at:",
        "if starts[middle] < at:",
    ),
    Mutant(
        "over time: an epoch begins a moment late",
        "kernels/decide.py",
        "if starts[current] <= at and (current == last or at < starts[current + 1]):",
        "if starts[current] < at and (current == last or at <= starts[current + 1]):",
    ),
    Mutant(
        "over time: a policy that may be gone is there",
        "compile/epochs.py",
        "return possible if len(possible) > 1 else [*possible, ABSENT]",
        "return possible or [ABSENT]",
    ),
    Mutant(
        "over time: of two versions of a policy the first is right",
        "compile/classes.py",
        "out[differs] = a.UNKNOWN_DECISION + a.REASON_AMBIGUOUS_POLICY",
        "out[differs] = first[differs]",
    ),
    Mutant(
        "over time: of backends that differ the first decides",
        "kernels/translate.py",
        "elif said != verdict:",
        "elif said != verdict and verdict == a.UNKNOWN and said == a.UNKNOWN:",
    ),
    Mutant(
        "over time: a Service's own port is judged",
        "kernels/translate.py",
        "dst, port = backend_of[b], backend_port[b]",
        "dst = backend_of[b]",
    ),
    Mutant(
        "over time: a pod's own traffic through its Service is judged as another's",
        "kernels/translate.py",
        "special = (pod >= 0 and pod_of[b] == pod) or",
        "special = (pod < -9 and pod_of[b] == pod) or",
    ),
    Mutant(
        "over time: backends that are not ready are used",
        "compile/backends.py",
        "if not backend.ready and not (backend.serving and backend.terminating):",
        "if not backend.ready and not backend.address:",
    ),
    Mutant(
        "over time: the answer to a SYN is the initiator's",
        "kernels/initiators.py",
        "swap[i] = 1 if is_answer else 0",
        "swap[i] = 0",
    ),
    Mutant(
        "over time: who listens is not asked",
        "kernels/initiators.py",
        "if src_listens != dst_listens:",
        "if src_listens and dst_listens:",
    ),
    Mutant(
        "over time: the address beats a recorded pod",
        "flows/ends.py",
        "end.endpoints[rows] = np.where(at_own, by_address, named)",
        "end.endpoints[rows] = np.where(by_address >= 0, by_address, named)",
    ),
    Mutant(
        "over time: a reply keeps its port",
        "evaluate.py",
        "port = np.where(turned, numbers.src_port, numbers.port)",
        "port=numbers.port,",
    ),
    Mutant(
        "load: a repeated report is one more connection",
        "kernels/load.py",
        "count_of[i] * np.int64(counted_of[i] != 0)",
        "count_of[i]",
    ),
    Mutant(
        "load: both ends' reports add up",
        "kernels/load.py",
        "where_of[i] | (place << 3) | np.int64(point_of[i])",
        "where_of[i] | (place << 3)",
    ),
    Mutant(
        "load: a key found first where another stands is taken for it",
        "kernels/load.py",
        "number < 0 or rows[row, a.ONE] != ones[k] or rows[row, a.TWO] != twos[k]",
        "number < 0 or rows[row, a.ONE] != ones[k]",
    ),
    Mutant(
        "load: what lacks room is counted twice",
        "kernels/load.py",
        "return CLIENTS, first, n_load, n_clients",
        "return CLIENTS, start, n_load, n_clients",
    ),
    Mutant(
        "load: a bucket ends where the next one does",
        "kernels/load.py",
        "((bucket + 1) << level) * MINUTE",
        "((bucket + 2) << level) * MINUTE",
    ),
    Mutant(
        "load: the outside is a node of no name",
        "kernels/attribute.py",
        "origin = outside if endpoints[src, a.KIND] == a.KIND_BLOCK else node",
        "origin = node",
    ),
    Mutant(
        "load: a sample keeps the wrong clients",
        "results/load.py",
        "return last_level >= self._level",
        "return last_level < self._level",
    ),
    Mutant(
        "load: every address outside is one sender",
        "results/load_setting.py",
        "last_level=np.where(single, last_level, -1)",
        "last_level=np.maximum(last_level, -1)",
    ),
    Mutant(
        "load: of both ends the one that saw less counts",
        "results/load_counts.py",
        "-connections, keys[:, 1], keys[:, 0]",
        "connections, keys[:, 1], keys[:, 0]",
    ),
    Mutant(
        "load: two Services at one port are the first",
        "kernels/attribute.py",
        "class_ = a.AMBIGUOUS\n            if",
        "pass\n            if",
    ),
    Mutant(
        "load: what was denied was served",
        "kernels/attribute.py",
        "return stopped | ((verdict == a.DENY) & (not let_through))",
        "return stopped",
    ),
    Mutant(
        "load: a node that knocks at its own pod is a client",
        "kernels/attribute.py",
        "elif is_own_node(endpoints, src_of[i], dst):",
        "elif is_own_node(endpoints, dst, dst):",
    ),
    Mutant(
        "load: a version of a Service serves after its end",
        "kernels/attribute.py",
        "if not start_of[owner] <= at < end_of[owner]:",
        "if at < start_of[owner]:",
    ),
    Mutant(
        "load: what a Service is when a batch begins it is all the while",
        "kernels/attribute.py",
        "DEPENDS if changes or by_origin[what]",
        "DEPENDS if by_origin[what]",
    ),
    Mutant(
        "load: a pod of one Service serves it at every port",
        "kernels/attribute.py",
        "here = plain & (only_port[dst] == (np.int32(slot) << 16) | port)",
        "here = plain & (only_port[dst] >= 0)",
    ),
    Mutant(
        "load: who is no single sender is one whose node is not known",
        "kernels/load.py",
        "return place + (src == a.MANY_SENDERS) * a.NO_SINGLE_SENDER",
        "return place",
    ),
    Mutant(
        "load: a bucket that was added to another stays",
        "results/load_book.py",
        "self.counts[row, :n] = 0",
        "pass",
    ),
)

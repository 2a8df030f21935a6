"""Mutants of how a mesh's policies are read, made rules of, compiled and asked."""

from __future__ import annotations

from tests.tools.mutant_list import Mutant

MESH, ISTIO = "mesh: ", "Istio: "
"""How the names begin of those in the compiled path, and of those that both paths share."""
_COMPILED, _JUDGED, _TOLD = "compile/mesh/", "judging/mesh.py", "judging/told.py"
_READ, _SEEN = "dialects/istio/", "engines/istio/"

_OF_THE_PATH = tuple(
    Mutant(MESH + name, file, old, new)
    for name, file, old, new in (
        (
            "rules are for bytes and requests alike",
            _COMPILED + "circumstances.py",
            "rule.carried in (None, given.carried)",
            "True",
        ),
        (
            "a rule that does not hold is about everyone",
            _COMPILED + "circumstances.py",
            "return replace(rule, peers=())",
            "return replace(rule, peers=None)",
        ),
        (
            "what is not told of a request holds",
            _COMPILED + "circumstances.py",
            "rule.needs if holds else rule.needs or Reason.NEEDS_L7",
            "rule.needs",
        ),
        (
            "one part that is not told leaves all of them open",
            _COMPILED + "circumstances.py",
            "return False if False in found else None if None in found else True",
            "return None if None in found else False not in found",
        ),
        (
            "one alternative that is not told leaves any of them open",
            _COMPILED + "circumstances.py",
            "return True if True in found else None if None in found else False",
            "return None if None in found else True in found",
        ),
        (
            "not what is not told is so",
            _COMPILED + "circumstances.py",
            "return None if answer is None else not answer",
            "return not answer",
        ),
        (
            "a client without identity presents any",
            _COMPILED + "circumstances.py",
            "if client is Client.NONE:\n                return AnyOf(())",
            "if client is Client.NONE:\n                return AllOf(())",
        ),
        (
            "an identity matches by a part of it",
            _COMPILED + "circumstances.py",
            "compiled(pattern).fullmatch(identity)",
            "compiled(pattern).search(identity)",
        ),
        (
            "pods outside the mesh prove who they are",
            _COMPILED + "ends.py",
            "NONE if goes_past else OWN",
            "OWN",
        ),
        (
            "a pod that was in the mesh for a time always was",
            _COMPILED + "ends.py",
            "clients.pop() if surely else NOT_TOLD",
            "OWN if OWN in clients else NONE",
        ),
        (
            "the ports that come past a proxy are those that go",
            _COMPILED + "ends.py",
            "pod.mesh.outbound_past) for",
            "pod.mesh.inbound_past) for",
        ),
        (
            "a port of UDP tells what TCP speaks there",
            _COMPILED + "ends.py",
            "if listing.slot != _TCP_SLOT:",
            "if False:",
        ),
        (
            "a pod's port is spoken at one of its addresses only",
            _COMPILED + "ends.py",
            'for endpoint in ends_of["pod", pod] if pod >= 0 else [member.endpoint]:',
            "for endpoint in [member.endpoint]:",
        ),
        (
            "nothing is said of what a Service's own port speaks",
            _COMPILED + "ends.py",
            "said[place(endpoint, listing.port.port)].add(spoken)",
            "said[place(endpoint, listing.port.port)].add(EITHER)",
        ),
        (
            "of Services that disagree one is right",
            _COMPILED + "ends.py",
            "said[one].pop() if len(said[one]) == 1 else EITHER",
            "max(said[one])",
        ),
        (
            "the name of a port is one word",
            _COMPILED + "spoken.py",
            'whole.partition("-")[0]',
            "whole",
        ),
        (
            "the name of a port goes before its appProtocol",
            _COMPILED + "spoken.py",
            "(app_protocol or name)",
            "(name or app_protocol)",
        ),
        (
            "no port goes past a proxy",
            _COMPILED + "outside.py",
            "ports=(PastProxy(),)",
            "ports=()",
        ),
        (
            "pods outside the mesh are asked like those inside",
            _COMPILED + "outside.py",
            "AllOf((IsA(Kind.POD), Not(_CARRIED)))",
            "AllOf((IsA(Kind.NODE), Not(_CARRIED)))",
        ),
        (
            "blocks match no pods",
            _COMPILED + "outside.py",
            'ipblock_matches_pods="yes"',
            'ipblock_matches_pods="no"',
        ),
        (
            "staged policies are enforced",
            _COMPILED + "outside.py",
            "staged=options.staged,",
            'staged="enforced",',
        ),
        (
            "backends differ by whether the mesh has a say",
            _COMPILED + "tables.py",
            "found[a.NO_SUBJECT] = a.ALLOW",
            "found[a.NO_SUBJECT] = a.NOT_APPLICABLE",
        ),
        (
            "the mesh allows what comes from a pod's own node",
            _COMPILED + "program.py",
            "(decisions == a.SAME_POD) | (decisions == a.OWN_NODE)",
            "decisions == a.SAME_POD",
        ),
        (
            "the port inside a tunnel is the tunnel's",
            _JUDGED,
            "np.where(given.port == HBONE_PORT, np.int32(-1), asked.port)",
            "asked.port",
        ),
        (
            "an identity that is not recorded is the pod's own, whatever was asked for",
            _JUDGED,
            'OWN if mesh.compiler.options.mesh_identity == "derived" else NOT_TOLD',
            "OWN",
        ),
        (
            "what goes past a client's proxy proves who it is",
            _JUDGED,
            "client[past] = NONE",
            "client[past] = OWN",
        ),
        (
            "a port that is not recorded goes past no proxy of a client",
            _JUDGED,
            "np.isin(ends.like[flows.src], ends.past >> PORT_BITS)] = NOT_TOLD",
            "np.isin(ends.like[flows.src], ends.past >> PORT_BITS)] = assumed",
        ),
        (
            "clients come as they do by themselves, whatever a DestinationRule says",
            _JUDGED,
            "(ends.differ[flows.dst] != 0)] = NOT_TOLD",
            "(ends.differ[flows.dst] != 0)] = assumed",
        ),
        (
            "who opens a tunnel from elsewhere proves nothing",
            _JUDGED,
            "np.where(in_mesh[tunnel], OWN, NOT_TOLD)",
            "np.where(in_mesh[tunnel], OWN, NONE)",
        ),
        (
            "a proxy that saw no identity is not believed",
            _JUDGED,
            "            client[mine] = NONE\n            continue\n",
            "            continue\n",
        ),
        (
            "a recorded identity is the pod's own",
            _JUDGED,
            "np.where(own[mine], OWN, code)",
            "OWN",
        ),
        (
            "a recorded request may be of bytes",
            _JUDGED,
            "carried[is_http[which]] = HTTP",
            "carried[is_http[which] & (carried == HTTP)] = HTTP",
        ),
        (
            "the last reason is told, not the first",
            _JUDGED,
            "(verdicts[one] == a.UNKNOWN) & (reason == 0)",
            "verdicts[one] == a.UNKNOWN",
        ),
        (
            "doubt of who it is, is doubt of the request",
            _JUDGED,
            "_agreed(mesh, of_clients, a.REASON_NEEDS_IDENTITY)",
            "_agreed(mesh, of_clients, a.REASON_NEEDS_L7)",
        ),
        (
            "the mesh is asked of every protocol",
            _JUDGED,
            "(flows.judge != 0) & (flows.protocol == TCP)",
            "flows.judge != 0",
        ),
        (
            "what the network forwards went through the mesh",
            _JUDGED,
            "np.where(forwarded, np.uint8(a.OBSERVED_FORWARDED), numbers.observed)",
            "numbers.observed",
        ),
        (
            "what a reply tells of its source is told of the client",
            _TOLD,
            "np.where(turned, 0, of_principal + 1)",
            "of_principal + 1",
        ),
        (
            "the port on the wire is that of a reply",
            _TOLD,
            "np.where(turned, -1, outer_ports(batch, rejected))",
            "outer_ports(batch, rejected)",
        ),
        (
            "a server's name tells of a request",
            _TOLD,
            "if part is not Part.SNI",
            "if part is not Part.OTHER",
        ),
        (
            "a method is told as the path",
            _TOLD,
            'Part.METHOD: "http_method",\n    Part.PATH: "http_path",',
            'Part.METHOD: "http_path",\n    Part.PATH: "http_method",',
        ),
    )
)

_OF_ISTIO = tuple(
    Mutant(ISTIO + name, file, old, new)
    for name, file, old, new in (
        (
            "AUDIT refuses",
            _SEEN + "authorization.py",
            "if written.action is AuthorizationAction.AUDIT:",
            "if False:",
        ),
        (
            "an ALLOW keeps nobody out",
            _SEEN + "authorization.py",
            "_INGRESS if written.action is AuthorizationAction.ALLOW else frozenset()",
            "frozenset()",
        ),
        (
            "an authorizer refuses all",
            _SEEN + "authorization.py",
            "Reason.NEEDS_L7 if is_custom else Reason.NONE",
            "Reason.NONE",
        ),
        (
            "ztunnel asks authorizers",
            _SEEN + "authorization.py",
            "if not is_custom:",
            "if True:",
        ),
        (
            "a policy with targetRefs is for workloads",
            _SEEN + "authorization.py",
            "if written.targets:",
            "if False:",
        ),
        (
            "ports of a policy without labels count",
            _READ + "peer_authentication.py",
            "            ports = ()\n",
            "",
        ),
        (
            "the mesh goes before the namespace",
            _SEEN + "peer_authentication.py",
            "self._level(mesh, 2 * _MOST, list(pods), mesh, [])",
            "self._level(mesh, -1, list(pods), mesh, [])",
        ),
        (
            "labels count in the root namespace",
            _SEEN + "peer_authentication.py",
            "if one.policy.namespace == root and not one.written.has_selector]",
            "if one.policy.namespace == root]",
        ),
        (
            "UNSET is PERMISSIVE",
            _SEEN + "peer_authentication.py",
            'as plaintext")\n    if mode is not Mode.UNSET:\n',
            'as plaintext")\n    if True:\n',
        ),
        (
            "who comes in plain bytes has the identity it would have",
            _SEEN + "peer_authentication.py",
            "if mode is Mode.DISABLE and asks:",
            "if False:",
        ),
        (
            "ports beneath an inherited STRICT are as documented",
            _SEEN + "peer_authentication.py",
            "unread=sets_apart or lets_in)",
            "unread=False)",
        ),
        (
            "the youngest counts",
            _SEEN + "levels.py",
            "key=lambda one: one.age)",
            "key=lambda one: one.age, reverse=True)",
        ),
        (
            "policies without an age are as old as any",
            _SEEN + "levels.py",
            "open_ones = [one for one in levels if not one.written.created]",
            "open_ones: list[Level] = []",
        ),
        (
            "the root namespace is one like others",
            _SEEN + "scope.py",
            "if policy.namespace != root_namespace:",
            "if True:",
        ),
        (
            "an ALLOW of requests lets bytes in",
            _SEEN + "sidecar.py",
            "lenient = written.action is not Action.ALLOW\n    of:",
            "lenient = True\n    of:",
        ),
        (
            "a gateway knows its clients",
            _SEEN + "sidecar.py",
            "True, lenient, is_gateway=True)",
            "True, lenient, is_gateway=False)",
        ),
        (
            "ztunnel keeps an ALLOW of requests",
            _SEEN + "ztunnel.py",
            "if action is Action.ALLOW and of_requests:",
            "if False:",
        ),
        (
            "to ztunnel a condition of requests holds",
            _SEEN + "ztunnel.py",
            "if not clients or not operations or NOTHING_ASKED in always:",
            "if not clients or not operations:",
        ),
        (
            "to ztunnel an entry of requests alone holds",
            _SEEN + "ztunnel.py",
            "return tuple(one for one in found if one != NOTHING_ASKED)",
            "return tuple(found)",
        ),
        (
            "behind a waypoint clients are seen as they are",
            _SEEN + "ztunnel.py",
            "if waypoints.behind is None or not found.by_client:",
            "if True:",
        ),
        (
            "a policy with targetRefs refuses what its waypoint let through",
            _SEEN + "waypoints.py",
            "passed = Where(Not(waypoints.proxies))",
            "passed = Where(AllOf(()))",
        ),
        (
            "a sidecar compares namespaces alone",
            _SEEN + "patterns.py",
            "return f\".*/ns/{'.*'.join(",
            "return f\"[^/]*//[^/]*/ns/{'.*'.join(",
        ),
        (
            "a wildcard of ztunnel's runs past the namespace",
            _SEEN + "patterns.py",
            "{glob(value, '[^/]')}",
            "{glob(value)}",
        ),
        (
            "an account without a namespace is of any",
            _SEEN + "patterns.py",
            "namespace, name = own_namespace, value",
            'namespace, name = "", value',
        ),
        (
            "* is plaintext too",
            _SEEN + "patterns.py",
            'return ".+" if value == "*" else _SPIFFE + glob(value)',
            "return _SPIFFE + glob(value)",
        ),
        (
            "trust domains have no aliases",
            _SEEN + "terms.py",
            "values = patterns.with_aliases(values, self.settings)",
            "pass",
        ),
        (
            "who is not one of these is one of these",
            _SEEN + "terms.py",
            "return Where(Not(what) if negated else what)",
            "return Where(what)",
        ),
        (
            "all ports but these are these",
            _SEEN + "terms.py",
            "if negated else tuple(dict.fromkeys(ranges))",
            "if not negated else tuple(dict.fromkeys(ranges))",
        ),
        (
            "destination.ip is the client's",
            _SEEN + "terms.py",
            "return Asked(subjects=(peer,)) if is_ours else Asked(peers=(peer,), by_client=True)",
            "return Asked(peers=(peer,), by_client=True)",
        ),
        (
            "hosts differ by their case",
            _SEEN + "terms.py",
            "patterns.glob(value.lower())",
            "patterns.glob(value)",
        ),
        (
            "what no record tells holds",
            _SEEN + "asked.py",
            "Reason.NEEDS_L7 if rest.is_open else written.needs",
            "written.needs",
        ),
        (
            "a pod cannot opt out of an ambient namespace",
            _SEEN + "membership.py",
            "spaces.get(DATAPLANE_MODE) if own is None else own",
            "spaces.get(DATAPLANE_MODE) or own",
        ),
        (
            "pods on the host network are in the mesh",
            _SEEN + "membership.py",
            "if pod.host_network or pod.finished:",
            "if pod.finished:",
        ),
        (
            "a pod cannot opt out of a sidecar",
            _SEEN + "membership.py",
            'if asked == "false" or spaces',
            "if spaces",
        ),
        (
            "a namespace's waypoint goes before a pod's own",
            _SEEN + "membership.py",
            "pod.labels if USE_WAYPOINT in pod.labels else spaces",
            "spaces if USE_WAYPOINT in spaces else pod.labels",
        ),
        (
            "a dry run is enforced",
            _READ + "authorization.py",
            "    return text in _TRUE\n",
            "    return False\n",
        ),
        (
            "DENY is asked after ALLOW",
            _READ + "authorization.py",
            "AuthorizationAction.DENY: DENY,",
            "AuthorizationAction.DENY: ALLOW,",
        ),
        (
            "not is not read",
            _READ + "rules.py",
            "found.append(Term(name, values, negated))",
            "found.append(Term(name, values))",
        ),
        (
            "an empty list asks for nobody",
            _READ + "rules.py",
            "            if values:\n",
            "            if True:\n",
        ),
        (
            "notValues are values",
            _READ + "rules.py",
            "Term(key, unwanted, negated=True)",
            "Term(key, unwanted)",
        ),
        (
            "an empty selector selects by labels",
            _READ + "peer_authentication.py",
            "has_selector = bool(selector.requirements)",
            'has_selector = "selector" in spec',
        ),
        (
            "a mode of a port is the workload's",
            _READ + "peer_authentication.py",
            "found.append((int(key), mode))",
            "found.append((int(key), Mode.UNSET))",
        ),
        (
            "a wildcard may stand in the middle",
            _READ + "values.py",
            'if "*" in value[1:-1] or value.count("*") > 1:',
            "if False:",
        ),
        (
            "a selector may stand beside targetRefs",
            _READ + "form.py",
            "if len(given) > 1:",
            "if len(given) > 2:",
        ),
    )
)

MESH_MUTANTS = (*_OF_THE_PATH, *_OF_ISTIO)

"""Good objects, one of every kind, in which bad ones differ from them by one thing.

Each has only fields that flowcheck reads, and as many of these as may stand together.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

LABELS = {
    "matchLabels": {"app": "db"},
    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}],
}


def _object(api: str, kind: str, name: str, namespace: str | None = "shop", **more: Any) -> Object:
    meta = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **more}


NETWORK_POLICY = _object(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    "np",
    spec={
        "podSelector": LABELS,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [
                    {
                        "podSelector": {"matchLabels": {"app": "web"}},
                        "namespaceSelector": {"matchLabels": {"a": "b"}},
                    },
                    {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
                ],
                "ports": [{"protocol": "TCP", "port": 5432, "endPort": 5433}],
            }
        ],
        "egress": [{"to": [{"podSelector": {}}], "ports": [{"port": "dns", "protocol": "UDP"}]}],
    },
)
ADMIN = _object(
    "policy.networking.k8s.io/v1alpha1",
    "AdminNetworkPolicy",
    "anp",
    None,
    spec={
        "priority": 5,
        "subject": {"pods": {"namespaceSelector": {"matchLabels": {"a": "b"}}, "podSelector": LABELS}},
        "ingress": [
            {
                "name": "one",
                "action": "Deny",
                "from": [{"namespaces": {"matchLabels": {"a": "c"}}}],
                "ports": [{"portNumber": {"protocol": "TCP", "port": 80}}],
            }
        ],
        "egress": [
            {
                "action": "Pass",
                "to": [{"networks": ["10.0.0.0/8"]}],
                "ports": [{"portRange": {"protocol": "TCP", "start": 1, "end": 9}}],
            }
        ],
    },
)
CLUSTER_NETWORK_POLICY = _object(
    "policy.networking.k8s.io/v1alpha2",
    "ClusterNetworkPolicy",
    "cnp",
    None,
    spec={
        "tier": "Admin",
        "priority": 5,
        "subject": {"namespaces": {"matchLabels": {"a": "b"}}},
        "egress": [
            {
                "action": "Accept",
                "to": [{"pods": {"namespaceSelector": {}, "podSelector": {}}}],
                "protocols": [{"tcp": {"destinationPort": {"range": {"start": 1, "end": 9}}}}],
            }
        ],
    },
)
CALICO = _object(
    "projectcalico.org/v3",
    "NetworkPolicy",
    "calico",
    spec={
        "tier": "default",
        "order": 10,
        "selector": "app == 'db'",
        "serviceAccountSelector": "team == 'a'",
        "types": ["Ingress", "Egress"],
        "ingress": [
            {
                "action": "Allow",
                "protocol": "TCP",
                "source": {
                    "selector": "app == 'web'",
                    "namespaceSelector": "a == 'b'",
                    "serviceAccounts": {"names": ["x"], "selector": "y == 'z'"},
                    "notNets": ["10.1.0.0/16"],
                },
                "destination": {"ports": [80, "81:90"]},
            }
        ],
        "egress": [
            {
                "action": "Deny",
                "protocol": "UDP",
                "destination": {"nets": ["10.0.0.0/8"], "notPorts": [53], "notSelector": "b == 'c'"},
            },
            {"action": "Pass", "protocol": "ICMP", "icmp": {"type": 8, "code": 0}, "ipVersion": 4},
        ],
    },
)
CALICO_GLOBAL = _object(
    "projectcalico.org/v3",
    "GlobalNetworkPolicy",
    "global",
    None,
    spec={
        "namespaceSelector": "a == 'b'",
        "selector": "all()",
        "applyOnForward": True,
        "preDNAT": False,
        "doNotTrack": False,
        "ingress": [{"action": "Deny", "notProtocol": 6, "source": {"nets": ["10.0.0.0/8"]}}],
    },
)
CILIUM = _object(
    "cilium.io/v2",
    "CiliumNetworkPolicy",
    "cilium",
    spec={
        "endpointSelector": {"matchLabels": {"app": "db"}},
        "enableDefaultDeny": {"ingress": True, "egress": False},
        "ingress": [
            {
                "fromEndpoints": [LABELS],
                "toPorts": [{"ports": [{"port": "5432", "protocol": "TCP", "endPort": 5440}]}],
            },
            {"fromEntities": ["cluster"]},
            {"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}]},
        ],
        "egress": [
            {"toCIDR": ["10.0.0.0/8"]},
            {"toServices": [{"k8sService": {"serviceName": "db", "namespace": "shop"}}]},
            {"toEndpoints": [{}], "icmps": [{"fields": [{"family": "IPv4", "type": 8}]}]},
        ],
        "ingressDeny": [{"fromEntities": ["world"]}],
    },
)
ISTIO = _object(
    "security.istio.io/v1",
    "AuthorizationPolicy",
    "istio",
    spec={
        "selector": {"matchLabels": {"app": "db"}},
        "action": "ALLOW",
        "rules": [
            {
                "from": [
                    {
                        "source": {
                            "namespaces": ["shop"],
                            "notPrincipals": ["a/ns/b/sa/c"],
                            "ipBlocks": ["10.0.0.0/8"],
                        }
                    }
                ],
                "to": [{"operation": {"ports": ["80"], "methods": ["GET"], "paths": ["/x"], "hosts": ["h"]}}],
                "when": [{"key": "source.namespace", "values": ["shop"], "notValues": ["x"]}],
            }
        ],
    },
)
PEER_AUTHENTICATION = _object(
    "security.istio.io/v1",
    "PeerAuthentication",
    "peers",
    spec={
        "selector": {"matchLabels": {"app": "db"}},
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": {"80": {"mode": "PERMISSIVE"}},
    },
)
LINKERD_SERVER = _object(
    "policy.linkerd.io/v1beta3",
    "Server",
    "server",
    spec={"podSelector": LABELS, "port": 80, "proxyProtocol": "HTTP/1", "accessPolicy": "deny"},
)
LINKERD_AUTHORIZATION = _object(
    "policy.linkerd.io/v1alpha1",
    "AuthorizationPolicy",
    "linkerd",
    spec={
        "targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "server"},
        "requiredAuthenticationRefs": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}],
    },
)
LINKERD_NETWORKS = _object(
    "policy.linkerd.io/v1alpha1",
    "NetworkAuthentication",
    "networks",
    spec={"networks": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}]},
)
LINKERD_TLS = _object(
    "policy.linkerd.io/v1alpha1",
    "MeshTLSAuthentication",
    "tls",
    spec={"identities": ["*"]},
)
POLICIES = (
    *(
        NETWORK_POLICY,
        ADMIN,
        CLUSTER_NETWORK_POLICY,
        CALICO,
        CALICO_GLOBAL,
        CILIUM,
        ISTIO,
        PEER_AUTHENTICATION,
    ),
    *(LINKERD_SERVER, LINKERD_AUTHORIZATION, LINKERD_NETWORKS, LINKERD_TLS),
)

POD = _object(
    "v1",
    "Pod",
    "front",
    spec={
        "nodeName": "n1",
        "hostNetwork": False,
        "serviceAccountName": "web",
        "containers": [
            {"ports": [{"name": "http", "containerPort": 80, "protocol": "TCP", "hostPort": 8080}]}
        ],
    },
    status={"phase": "Running", "podIP": "10.0.0.9", "podIPs": [{"ip": "10.0.0.9"}], "hostIP": "192.0.2.1"},
)
POD["metadata"]["labels"] = {"app": "web"}
NAMESPACE = _object("v1", "Namespace", "store", None)
NAMESPACE["metadata"]["labels"] = {"a": "b"}
NODE = _object(
    "v1",
    "Node",
    "n1",
    None,
    spec={"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"]},
    status={"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]},
)
SERVICE = _object(
    "v1",
    "Service",
    "db",
    spec={
        "type": "ClusterIP",
        "clusterIP": "10.96.0.1",
        "clusterIPs": ["10.96.0.1"],
        "selector": {"app": "db"},
        "sessionAffinity": "None",
        "ports": [{"name": "pg", "port": 5432, "targetPort": 5432, "protocol": "TCP", "nodePort": 30000}],
    },
)
SLICE = _object(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    "db-1",
    addressType="IPv4",
    endpoints=[
        {
            "addresses": ["10.0.0.2"],
            "conditions": {"ready": True, "serving": True},
            "targetRef": {"kind": "Pod", "name": "db", "namespace": "shop"},
            "zone": "z",
        }
    ],
    ports=[{"name": "pg", "port": 5432, "protocol": "TCP"}],
)
SLICE["metadata"]["labels"] = {"kubernetes.io/service-name": "db"}
DEPLOYMENT = _object(
    "apps/v1",
    "Deployment",
    "web",
    spec={
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 80}]}]},
        },
    },
)
NETWORK_SET = _object("projectcalico.org/v3", "NetworkSet", "set", spec={"nets": ["10.0.0.0/8"]})
TIER = _object("projectcalico.org/v3", "Tier", "tier", None, spec={"order": 5, "defaultAction": "Deny"})
CIDR_GROUP = _object("cilium.io/v2", "CiliumCIDRGroup", "group", None, spec={"externalCIDRs": ["10.0.0.0/8"]})
IP_POOL = _object("projectcalico.org/v3", "IPPool", "pool", None, spec={"cidr": "10.0.0.0/16"})
HTTP_ROUTE = _object(
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "route",
    spec={
        "parentRefs": [{"group": "", "kind": "Service", "name": "db", "port": 5432}],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": "db", "port": 5432, "weight": 9}],
            }
        ],
    },
)
VIRTUAL_SERVICE = _object(
    "networking.istio.io/v1",
    "VirtualService",
    "virtual",
    spec={
        "hosts": ["db.shop.svc.cluster.local"],
        "http": [
            {
                "route": [
                    {"destination": {"host": "db", "subset": "a", "port": {"number": 5432}}, "weight": 100}
                ]
            }
        ],
    },
)
DESTINATION_RULE = _object(
    "networking.istio.io/v1",
    "DestinationRule",
    "rule",
    spec={
        "host": "db.shop.svc.cluster.local",
        "trafficPolicy": {"loadBalancer": {"simple": "ROUND_ROBIN"}},
        "subsets": [{"name": "a", "labels": {"version": "a"}}],
    },
)
OBJECTS = (
    *(POD, NAMESPACE, NODE, SERVICE, SLICE, DEPLOYMENT, NETWORK_SET, TIER, CIDR_GROUP, IP_POOL),
    *(HTTP_ROUTE, VIRTUAL_SERVICE, DESTINATION_RULE),
)


def title(one: Object) -> str:
    """``projectcalico.org NetworkPolicy``, as the corpus calls a kind."""
    return f"{one['apiVersion'].rpartition('/')[0] or 'core'} {one['kind']}"

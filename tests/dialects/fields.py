"""Policies that have every part their readers look into, and the names of fields that these then ask for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from flowcheck.errors import ManifestError
from flowcheck.manifests.fields import Field
from flowcheck.reading import load_cluster

_SELECTOR = "{matchLabels: {a: b}, matchExpressions: [{key: a, operator: In, values: [b]}]}"
_ADMIN_PORTS = "[{portNumber: {port: 1}}, {portRange: {start: 1, end: 2}}, {namedPort: web}]"
_ADMIN_PEERS = f"[{{namespaces: {_SELECTOR}}}, {{pods: {{namespaceSelector: {{}}, podSelector: {{}}}}}}]"
_OUTSIDE = "[{networks: [10.0.0.0/8]}, {nodes: {}}, {domainNames: [a.example]}]"
_PROTOCOLS = (
    "[{tcp: {destinationPort: {number: 1}}}, {udp: {destinationPort: {range: {start: 1, end: 2}}}}, "
    "{destinationNamedPort: web}]"
)
_RULE = f"{{action: Deny, from: {_ADMIN_PEERS}, ports: {_ADMIN_PORTS}}}"
_NEW_RULE = f"{{name: r, action: Deny, from: {_ADMIN_PEERS}, protocols: {_PROTOCOLS}}}"
_ADMIN = "metadata: {name: default}\nspec: {priority: 1, subject: {namespaces: {}}, "

KUBERNETES = (
    f"""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: x}}
spec:
  podSelector: {_SELECTOR}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - {{podSelector: {{}}, namespaceSelector: {{}}}}
    - {{ipBlock: {{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}}}
    ports: [{{protocol: TCP, port: 80, endPort: 90}}]
  egress:
  - to: [{{podSelector: {{}}}}]
""",
    f"""
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
{_ADMIN}ingress: [{_RULE}], egress: [{{action: Allow, to: {_OUTSIDE}}}]}}
""",
    f"""
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
{_ADMIN.replace("priority: 1, ", "")}ingress: [{_RULE}], egress: [{{action: Deny, to: [{{nodes: {{}}}}]}}]}}
""",
    f"""
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
{_ADMIN}tier: Admin, ingress: [{_NEW_RULE}], egress: [{{action: Accept, to: {_OUTSIDE}}}]}}
""",
)
_ENTRIES = (
    "fromEndpoints: [{}], toPorts: [{ports: [{port: '80', endPort: 90, protocol: TCP}], "
    "rules: {http: [{path: /}]}}]",
    "fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}], icmps: [{fields: [{type: 8, family: IPv4}]}]",
    "fromEntities: [world], authentication: {mode: required}",
)
_EXITS = (
    "toServices: [{k8sService: {serviceName: a, namespace: x}}, "
    "{k8sServiceSelector: {selector: {}, namespace: x}}]",
    "toFQDNs: [{matchName: a.example}, {matchPattern: '*.example'}]",
    "toPorts: [{ports: [{port: '53', protocol: UDP}], rules: {dns: [{matchPattern: '*'}]}}]",
    "toPorts: [{ports: [{port: '443', protocol: TCP}], serverNames: [a.example]}]",
)
CILIUM = (
    f"""
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: x}}
specs:
- endpointSelector: {_SELECTOR}
  enableDefaultDeny: {{ingress: true, egress: true}}
  ingress: [{", ".join(f"{{{one}}}" for one in _ENTRIES)}]
  ingressDeny: [{{fromCIDR: [10.0.0.0/8], toPorts: [{{ports: [{{port: '80', protocol: TCP}}]}}]}}]
  egress: [{", ".join(f"{{{one}}}" for one in _EXITS)}]
  egressDeny: [{{toEntities: [world]}}]
""",
)
_END = "{nets: [10.0.0.0/8], serviceAccounts: {names: [a], selector: all()}, ports: [80]}"
CALICO = (
    f"""
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {{name: p, namespace: x}}
spec:
  tier: default
  selector: all()
  ingress:
  - {{action: Allow, protocol: TCP, source: {_END.replace(", ports: [80]", "")}, destination: {_END}}}
  - {{action: Allow, protocol: ICMP, icmp: {{type: 8, code: 0}}, notICMP: {{type: 9}}}}
  - {{action: Allow, protocol: TCP, http: {{methods: [GET], paths: [{{exact: /}}]}}}}
  egress:
  - {{action: Allow, destination: {{services: {{name: a, namespace: x}}}}}}
""",
    """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec: {selector: all(), ingress: [{action: Allow}]}
""",
    """
apiVersion: projectcalico.org/v3
kind: StagedKubernetesNetworkPolicy
metadata: {name: p, namespace: x}
spec: {stagedAction: Set, podSelector: {}}
""",
    """
apiVersion: projectcalico.org/v3
kind: StagedGlobalNetworkPolicy
metadata: {name: p}
spec: {stagedAction: Set, selector: all(), types: [Ingress]}
""",
)
OF_EVERY_OBJECT = {"apiVersion", "kind", "metadata", "spec", "status"}


def asked_for(documents: Sequence[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every field that the readers of these documents know, at each place that they look into."""
    known: set[str] = set()
    mapping = Field.mapping

    def noted(self: Field, *names: str, **how: Any) -> dict[str, Field]:
        known.update(names)
        return mapping(self, *names, **how)

    file = folder / "policies.yaml"
    file.write_text("---".join(documents))
    monkeypatch.setattr(Field, "mapping", noted)
    try:
        load_cluster([file])
    except ManifestError as error:
        pytest.fail(str(error))
    return known - OF_EVERY_OBJECT

"""Labels by which Istio tells what is in its mesh. Source: istio.io/api label/labels.gen.go of 1.31."""

from __future__ import annotations

USE_WAYPOINT = "istio.io/use-waypoint"
USE_WAYPOINT_NAMESPACE = "istio.io/use-waypoint-namespace"
DATAPLANE_MODE = "istio.io/dataplane-mode"
INJECTION, REVISION, INJECT = "istio-injection", "istio.io/rev", "sidecar.istio.io/inject"
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
MANAGED, MESH_CONTROLLER = "gateway.istio.io/managed", "istio.io-mesh-controller"
WAYPOINT_CLASS = "istio-waypoint"

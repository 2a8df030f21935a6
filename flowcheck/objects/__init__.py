"""Kubernetes objects: documents in, values of the model out. One file a kind, or a role of kinds."""

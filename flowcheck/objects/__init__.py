"""Kubernetes objects, one kind a file: documents in, values of the model out."""

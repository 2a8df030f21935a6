"""Manifests: YAML and JSON files become documents with locations, and those become the cluster.

``files`` finds and reads, ``documents`` splits into objects, ``pods``, ``workloads``, ``nodes`` and
``services`` read one kind each, ``snapshot`` puts them together. Policies are read by ``dialects``.
"""

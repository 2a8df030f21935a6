"""Manifests: YAML and JSON files become documents with locations, and those become the cluster.

``files`` finds and reads, ``streams`` splits into ``documents`` (``kustomize``, ``templates`` and
``unreadable`` say what is none), ``pods``, ``workloads``, ``nodes`` and ``services`` read one kind each,
``snapshot`` puts them together. Policies are read by ``dialects``; ``languages`` knows those that are not.
``remarks`` and ``pitfalls`` are about what was read.
Inputs of several times: ``watch`` and ``audit_log`` say when something was seen, ``coverage`` what was not,
and ``history`` makes versions of it. ``rows`` and ``record`` are the inventory's side.
"""

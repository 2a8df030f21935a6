"""Manifests: YAML and JSON files become documents with places.

``files`` finds and unpacks them, ``text`` parses, ``streams`` cuts, ``shapes`` makes ``documents``;
``fields`` is how readers of policies ask those.
"""

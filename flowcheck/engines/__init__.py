"""Policies as written -> policies as a network plugin enforces them. One engine a file; ``profiles`` chooses.

Everything here takes a :class:`~flowcheck.model.cluster.Cluster` and gives one. What judges
flows knows no engine.
"""

"""Policies as a network plugin enforces them: a cluster in, the same cluster with other policies out.

Every policy of the cluster is turned into what that engine makes of it, Kubernetes' own too: its tier, its
place among others, its rules. What comes out ``compile`` and ``reference`` judge as any other.
"""

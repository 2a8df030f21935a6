"""What the rules of a cluster's policies are worth, whatever the traffic: which could go, and who decides for
them; which rules of tiers contradict one another; who is isolated by nothing.

Read ``build.py`` first. Nothing is sampled: every class of subjects meets every class of peers at every class
of ports. It is said of the endpoints that there are, at one instant: pods, nodes, Services' backends, and the
blocks of addresses that policies tell apart."""

"""Who may reach whom: all pairs of workloads and of blocks outside, by port, from a compiled program alone.

Read ``build.py`` first. What is asked here is never a flow: endpoints that no policy tells apart are asked
once, for each stretch of ports that none divides.
"""

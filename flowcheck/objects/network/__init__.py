"""Objects of the network itself: named sets of addresses, and how its agents are set."""

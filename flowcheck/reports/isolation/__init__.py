"""Which workloads nobody may reach, or that may reach nobody."""

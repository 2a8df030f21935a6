"""What the benchmarks run on: clusters and flows, made from a seed."""

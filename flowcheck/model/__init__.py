"""What things are: cluster, policies, times, verdicts, options. Plain values, which know nothing else."""

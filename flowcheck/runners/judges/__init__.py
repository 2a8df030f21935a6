"""Who judges the files of a run: the workers of this machine, or others."""

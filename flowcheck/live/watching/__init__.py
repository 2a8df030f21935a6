"""Following what an API server tells, into files that ``--cluster`` reads."""

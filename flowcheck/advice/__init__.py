"""What is worth saying of a cluster that has been read: what does not do what its writer meant."""

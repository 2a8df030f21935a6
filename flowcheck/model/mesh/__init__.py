"""What a service mesh adds to a cluster: which pods it carries, how it is set, its policies as written."""

"""What was found, as tables of integers until the names are put back; and the files that are kept."""

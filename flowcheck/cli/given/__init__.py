"""What a person gave otherwise than on the command line."""

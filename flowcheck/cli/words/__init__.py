"""What words on the command line mean."""

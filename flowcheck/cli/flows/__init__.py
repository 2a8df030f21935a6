"""What commands that read flows share: the options that say how logs are to be read, and standard input."""

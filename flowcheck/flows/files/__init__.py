"""Which files and folders there are to read, and what their paths tell."""

"""Generated worlds, peers and clocks; see speed.py. Not part of the package."""

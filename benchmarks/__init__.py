"""Generated worlds, peers and clocks; see run.py. Not part of the package."""

"""Compiled loops over arrays. They know no policy, label or name, never raise, and release the GIL."""

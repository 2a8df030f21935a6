"""How each language writes a suggested policy; what they share is in ``language.py``."""

LANGUAGES = ("kubernetes", "cilium", "calico")
"""What people call them."""

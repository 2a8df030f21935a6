"""Probabilities of counts."""

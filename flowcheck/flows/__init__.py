"""Recorded flow logs -> canonical Arrow columns -> numbers. One format a file."""

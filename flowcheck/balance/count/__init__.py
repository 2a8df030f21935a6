"""Connections counted by endpoint, time and client: integers only, bounded, mergeable."""

"""The engine spark, timed beside the engine local and beside joins."""

"""The reports that are read by what builds and tests code: a medium each, and what they share."""

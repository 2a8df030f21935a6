"""Policies as rows of bitsets over that axis, condensed to the decision table."""

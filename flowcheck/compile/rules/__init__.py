"""Policies as rows of bitsets over the endpoint axis, condensed to the decision table."""

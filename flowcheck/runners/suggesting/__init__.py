"""``flowcheck suggest``: audits that find what was seen, and hold the suggestion against it."""

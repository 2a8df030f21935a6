"""From violating edges to findings: what shares a cause is gathered, and put into words."""

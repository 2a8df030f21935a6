"""The records an audit hands out: what stands in findings.json, ledger.json and summary.json.

They are a promise to other people's scripts, so they are built on purpose and numbered (``SCHEMA``).
Times are RFC 3339 texts in UTC, sizes are bytes, every count is an exact integer.
"""

SCHEMA = 1

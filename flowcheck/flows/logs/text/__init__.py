"""The text of a log: its bytes unpacked, its lines, its records, whatever was put around them."""

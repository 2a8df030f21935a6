"""What an audit judges by: where it comes from, what workers are given of it, and what is kept of it."""

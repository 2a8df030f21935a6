"""The endpoint axis: everything an end of a flow may be, and when."""

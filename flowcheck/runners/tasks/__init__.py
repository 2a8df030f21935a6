"""One task in a worker: open what it reads, judge its rows, leave its part."""

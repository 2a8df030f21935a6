"""What findings are held against before they make a run fail: a former result, a file of those to ignore."""

"""One pass over flows for two sets of policies: which verdicts change."""

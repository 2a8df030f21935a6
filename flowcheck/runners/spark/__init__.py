"""Judging where Spark's tasks run: the driver plans, executors judge and add up, the driver writes."""

"""What stands in one file of a result, held against every other that says the same.

What is expected is what the other file adds up to; which of the two was changed, sums cannot tell.
"""

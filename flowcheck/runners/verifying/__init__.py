"""A result folder, read again: is it still what an audit wrote?

Nothing in the folder is trusted, the manifest as little as the rest. Tables are decoded in a process of their
own, which gets them open and sees no path; what stands in one file is added up and held against every other
that says the same.
"""

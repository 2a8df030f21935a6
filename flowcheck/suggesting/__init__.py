"""The least policies that allow what was seen and deny the rest: from contacts and a compiled program.

Read ``build.py`` first. Contacts become *needs*, each one thing that a policy of one workload should allow;
needs that say the same of ports become rules; a language writes them.
"""

"""What flowcheck is made of, told and checked: locks, bill of materials, advisories, wheel, provenance.

Run by targets of the Makefile; no part of the package.
"""

"""The report of an audit as a page, one part of it a file; how each looks stands in ``templates``."""

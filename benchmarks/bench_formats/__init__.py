"""How fast logs of each format are read: one line of ``LINES`` in :mod:`benchmarks.bench_formats.lines` each."""

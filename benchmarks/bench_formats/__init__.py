"""How fast logs of each format are read. What is read: :mod:`benchmarks.bench_formats.lines`."""

"""How fast tfkms is: plans made to measure on, and what a scan of them takes as a process of its own.

`pytest benchmarks` compares runs (extra `bench`); `python -m benchmarks` prints the tables of `docs/performance.md`.
"""

"""Seeded fuzzers: ``python -m tests.fuzz.TARGET --cases 10000 --seed 0``.

Each target damages an input and gives it to the command line. A case must end in success or in one sentence: no
traceback, at most 10 s of processor time and 2 GiB of memory, and no file changed outside of the output.
"""

"""Honest comparison of gradient-based optimizers: a matrix of runs, turned into a static report."""

__version__ = "0.1.0"

"""Independent implementations, one module a library, each driven by the same gradients in plain arithmetic.

Every module ``<library>_oracle`` has ``trajectories(oracle, rate, runs, steps)``: for each run, a list of the positions
after each step.
"""

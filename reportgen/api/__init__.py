"""The Python interface: the same results, analysis and report as the command, from and for Python objects."""

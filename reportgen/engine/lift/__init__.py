"""Drives optimizers of another contract: their state is found, carried through the compiled loop, and put back."""

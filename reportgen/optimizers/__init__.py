"""The built-in optimizers, one family a file; a file here is found by itself."""

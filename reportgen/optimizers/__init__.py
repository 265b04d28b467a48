"""The built-in optimizers: one file per family. The catalogue finds every file in this folder."""

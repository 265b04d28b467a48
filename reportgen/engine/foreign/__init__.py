"""Runs optimizers of other frameworks: their own objects make the steps, on real variables of their framework."""

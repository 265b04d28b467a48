"""Runs programs in separate worker processes, so that a broken optimizer fails only its own configurations."""

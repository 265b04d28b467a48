"""Where programs run: worker processes of their own, so that a broken optimizer costs its own cells and no others."""

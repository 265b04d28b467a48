"""The built-in losses, one per file. A new file here is found automatically."""

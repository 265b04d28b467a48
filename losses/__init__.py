"""The built-in losses, one a file; a file here is found by itself."""

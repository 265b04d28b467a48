"""The pictures of a report: one figure a file, drawn once for light and dark."""

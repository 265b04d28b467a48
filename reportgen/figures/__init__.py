"""The figures of a report: one module per figure, each drawn once for the light and the dark theme."""

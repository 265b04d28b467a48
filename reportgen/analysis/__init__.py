"""What the results say: pure functions from tables to tables, and from tables to sentences."""

from reportgen.analysis.best_cells import best_cell_per_loss

__all__ = ["best_cell_per_loss"]

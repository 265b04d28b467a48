"""What the results say: pure functions from tables to tables, and from tables to sentences."""

from reportgen.analysis.ranking import best_cells

__all__ = ["best_cells"]

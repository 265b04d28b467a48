"""The configuration of a comparison: one frozen object, merged from flags, environment and files."""

from reportgen.config.errors import ConfigError
from reportgen.config.load import from_values, load, matrix_size
from reportgen.config.model import Config, LossEntry, OptimizerEntry, Starts

__all__ = ["Config", "ConfigError", "LossEntry", "OptimizerEntry", "Starts", "from_values", "load", "matrix_size"]

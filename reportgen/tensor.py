"""The type of a tensor in signatures."""

from typing import Any

Tensor = Any
"""TensorFlow ships no types, and importing it takes seconds."""

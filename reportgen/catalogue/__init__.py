"""Finds a loss or an optimizer by its name, and lists what there is, without importing TensorFlow."""

from reportgen.catalogue.errors import BrokenPlugin, UnknownName, and_nearest, nearest
from reportgen.catalogue.lookup import (
    find_loss,
    find_optimizer,
    losses,
    losses_beside,
    optimizers,
    optimizers_beside,
)
from reportgen.catalogue.source_hash import optimizer_name, source_hash
from reportgen.catalogue.suites import in_suite, suites
from reportgen.catalogue.wrappers import create, declared, kinds

__all__ = [
    "BrokenPlugin",
    "UnknownName",
    "and_nearest",
    "create",
    "declared",
    "find_loss",
    "find_optimizer",
    "in_suite",
    "kinds",
    "losses",
    "losses_beside",
    "nearest",
    "optimizer_name",
    "optimizers",
    "optimizers_beside",
    "source_hash",
    "suites",
]

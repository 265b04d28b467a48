"""Finds and lists losses and optimizers by name, without importing TensorFlow."""

from reportgen.catalogue.errors import (
    BrokenPluginError,
    UnknownNameError,
    nearest_name,
    with_known_names,
    with_suggestion,
)
from reportgen.catalogue.lookup import (
    built_in_loss,
    find_loss,
    find_optimizer,
    is_built_in_optimizer,
    local_losses,
    local_optimizers,
    losses,
    optimizers,
)
from reportgen.catalogue.source_hash import optimizer_name, source_hash
from reportgen.catalogue.suites import suite_members, suites
from reportgen.catalogue.wrappers import create_optimizer, declared_hyperparameters, wrapped_classes

__all__ = [
    "BrokenPluginError",
    "UnknownNameError",
    "built_in_loss",
    "create_optimizer",
    "declared_hyperparameters",
    "find_loss",
    "find_optimizer",
    "is_built_in_optimizer",
    "local_losses",
    "local_optimizers",
    "losses",
    "nearest_name",
    "optimizer_name",
    "optimizers",
    "source_hash",
    "suite_members",
    "suites",
    "with_known_names",
    "with_suggestion",
    "wrapped_classes",
]

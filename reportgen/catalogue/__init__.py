"""Finds and lists losses and optimizers by name, without importing TensorFlow."""

from reportgen.catalogue.declaration import plugin_code
from reportgen.catalogue.errors import (
    BrokenPluginError,
    UnknownNameError,
    nearest_name,
    with_known_names,
    with_suggestion,
)
from reportgen.catalogue.local_plugins import use_references
from reportgen.catalogue.lookup import (
    built_in_loss,
    find_loss,
    find_optimizer,
    full_loss_reference,
    is_built_in_optimizer,
    local_losses,
    local_optimizers,
    local_references,
    losses,
    optimizers,
)
from reportgen.catalogue.plugin_process import load_plugins_here
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
    "full_loss_reference",
    "is_built_in_optimizer",
    "load_plugins_here",
    "local_losses",
    "local_optimizers",
    "local_references",
    "losses",
    "nearest_name",
    "optimizer_name",
    "optimizers",
    "plugin_code",
    "source_hash",
    "suite_members",
    "suites",
    "use_references",
    "with_known_names",
    "with_suggestion",
    "wrapped_classes",
]

"""Finds losses and optimizers by name, whether built in or in a user's file, folder or module."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from reportgen import foreign
from reportgen.catalogue.declaration import (
    OptimizerDeclaration,
    PluginCode,
    declaration_of,
    declared_class,
    without_function,
)
from reportgen.catalogue.errors import BrokenPluginError, UnknownNameError, nearest_name, with_known_names
from reportgen.catalogue.lazy_tensorflow import tensorflow_on_first_use
from reportgen.catalogue.local_plugins import plugins_in_folder
from reportgen.catalogue.plugin import load
from reportgen.catalogue.plugin_process import ask, runs_elsewhere, source_of
from reportgen.catalogue.source_hash import optimizer_name, plugin_files, snake_case, source_hash
from reportgen.foreign import Unsuitable, suits
from reportgen.loss import Loss, renamed
from reportgen.optimizer import Optimizer

_KERAS_PREFIX = "keras:"
_EXTRAS = ("torch", "optax")
"""Frameworks that an extra of the same name installs."""


@functools.cache
def losses() -> dict[str, Loss]:
    """Return the built-in losses by name, in the order of their files and, within a file, of their definitions."""
    members = _members_of_package("reportgen.builtin_losses")
    return {member.name: member for _, member in members if isinstance(member, Loss)}


@functools.cache
def optimizers() -> dict[str, type[Optimizer]]:
    """Return the built-in optimizer classes by name, in the order of ``losses``."""
    members = _members_of_package("reportgen.optimizers")
    return {optimizer_name(kind): kind for module, member in members if (kind := _optimizer_in(module, member))}


def find_loss(ref: str, base: Path, dim: int | None = None, parameters: Mapping[str, object] | None = None) -> Loss:
    """Return the loss called ``ref``.

    Args:
        ref: a built-in name or alias, a name in the folder ``losses`` below ``base``, ``file.py:name`` or
            ``package.module:name``.
        base: the folder that files are relative to.
        dim: the number of coordinates; None: the default of the loss.
        parameters: values of its parameters by name.

    Returns:
        The loss. Outside of a worker process, a loss of a plug-in has all its facts, but cannot be evaluated.

    Raises:
        UnknownNameError: there is no such loss.
        BrokenPluginError: it exists but cannot be used.
        ValueError: it is not defined in ``dim`` coordinates, or not for these parameters.
    """
    settings = dict(parameters or {})
    if ":" not in ref:
        return _find_loss_by_name(ref, base, dim, settings)
    if runs_elsewhere(ref.rpartition(":")[0]):
        return ask(ref, base, _describe_loss, ref, base, dim, settings)
    return _load_loss(ref, base, dim, settings)


def _describe_loss(ref: str, base: Path, dim: int | None, parameters: dict[str, object]) -> Loss:
    loss = _load_loss(ref, base, dim, parameters)
    return without_function(loss, PluginCode(source_of(ref, base), source_hash(loss), plugin_files(loss)))


def _load_loss(ref: str, base: Path, dim: int | None, settings: dict[str, object]) -> Loss:
    member = _plugin_member(ref, "loss", base, lambda _, member: isinstance(member, Loss))
    if not isinstance(member, Loss):
        raise BrokenPluginError(ref, _loss_problem(member))
    try:
        return renamed(member.at(dim, **settings), ref)
    except ValueError:
        raise
    except Exception as error:  # raised by a fact of the plug-in that is a function of ``dim``
        raise BrokenPluginError(ref, f"{type(error).__name__}: {error} (facts for dim = {dim})") from error


def _find_loss_by_name(name: str, base: Path, dim: int | None, parameters: dict[str, object]) -> Loss:
    built_in = built_in_loss(name)
    local, errors = plugins_in_folder(base, "loss", _loss_name)
    if name in local and built_in:
        raise _name_clash(name, "loss", local[name])
    if name in local:
        return renamed(find_loss(local[name], base, dim, parameters), name)
    if built_in:
        return built_in.at(dim, **parameters)
    raise _unknown_name(name, "loss", [*losses(), *_loss_aliases(), *local], errors)


def built_in_loss(name: str) -> Loss | None:
    """Return the built-in loss with a name or an alias, or None. Most are found without loading all files."""
    likely = (member for _, member in _likely_members("reportgen.builtin_losses", name) if isinstance(member, Loss))
    found = next((loss for loss in likely if loss.name == name), None)
    return found or losses().get(name) or _loss_aliases().get(name)


def _loss_aliases() -> dict[str, Loss]:
    return {alias: loss for loss in losses().values() for alias in loss.aliases}


def _loss_name(_: ModuleType, __: str, member: object) -> str | None:
    return member.name if isinstance(member, Loss) else None


def local_losses(base: Path) -> dict[str, str]:
    """Return references to the losses in the folder ``losses`` below ``base``, by name. Broken files are skipped."""
    return plugins_in_folder(base, "loss", _loss_name)[0]


def find_optimizer(ref: str, base: Path) -> type[Optimizer]:
    """Return the optimizer class called ``ref``.

    Args:
        ref: a built-in name, a name in the folder ``optimizers`` below ``base``, ``file.py:Name``,
            ``package.module:Name`` or ``keras:Name``.
        base: the folder that files are relative to.

    Returns:
        The class. Outside of a worker process, that of a plug-in only declares its hyperparameters and other facts.

    Raises:
        UnknownNameError: there is no such optimizer.
        BrokenPluginError: it exists but cannot be used.
    """
    if ":" not in ref:
        return _find_optimizer_by_name(ref, base)
    try:
        if ref.startswith(_KERAS_PREFIX):
            return _find_keras_optimizer(ref)
        ref = _full_reference(ref)
    except Unsuitable as error:
        raise BrokenPluginError(ref, str(error)) from error
    if runs_elsewhere(ref.rpartition(":")[0]):
        return declared_class(ask(ref, base, _describe_optimizer, ref, base))
    return _load_optimizer(ref, base)


def _describe_optimizer(ref: str, base: Path) -> OptimizerDeclaration:
    kind = _load_optimizer(ref, base)
    return declaration_of(ref, kind, PluginCode(source_of(ref, base), source_hash(kind), plugin_files(kind)))


def _load_optimizer(ref: str, base: Path) -> type[Optimizer]:
    try:
        member = _plugin_member(
            ref,
            "optimizer",
            base,
            lambda module, member: bool(_optimizer_in(module, member)) or foreign.is_foreign(member),
        )
        return _usable_optimizer(_adapt(member, ref, base), ref)
    except Unsuitable as error:
        raise BrokenPluginError(ref, str(error)) from error


def local_optimizers(base: Path) -> dict[str, str]:
    """Return references to the optimizers in the folder ``optimizers`` below ``base``, by name.

    Broken files are skipped.
    """
    return plugins_in_folder(base, "optimizer", _optimizer_name)[0]


def full_loss_reference(name: str, base: Path) -> str:
    """Return ``losses/mine.py:valley`` for ``valley``, if that is a loss in the folder ``losses`` below ``base``."""
    return name if ":" in name else local_losses(base).get(name, name)


def local_references(base: Path) -> dict[str, dict[str, str]]:
    """Return references to all plug-ins in the folders below ``base``, by kind and name; see ``use_references``."""
    return {"loss": local_losses(base), "optimizer": local_optimizers(base)}


def _find_optimizer_by_name(name: str, base: Path) -> type[Optimizer]:
    built_in = _built_in_optimizer(name)
    local, errors = plugins_in_folder(base, "optimizer", _optimizer_name)
    if name in local and built_in:
        raise _name_clash(name, "optimizer", local[name])
    if name in local:
        return find_optimizer(local[name], base)
    if built_in:
        return built_in
    raise _unknown_name(name, "optimizer", [*optimizers(), *local], errors)


def is_built_in_optimizer(name: str) -> bool:
    """Return whether ``name`` is a built-in optimizer, and not one of a file, a module or another framework."""
    return ":" not in name and _built_in_optimizer(name) is not None


def _built_in_optimizer(name: str) -> type[Optimizer] | None:
    """The built-in optimizer with a name. Most are found without loading all files."""
    members = _likely_members("reportgen.optimizers", name)
    kinds = (kind for module, member in members if (kind := _optimizer_in(module, member)))
    return next((kind for kind in kinds if optimizer_name(kind) == name), None) or optimizers().get(name)


def _optimizer_name(module: ModuleType, variable: str, member: object) -> str | None:
    kind = _optimizer_in(module, member)
    if kind:
        return optimizer_name(kind)
    if isinstance(member, type) and suits(member) and member.__module__ == module.__name__:
        return snake_case(member.__name__)
    return variable if foreign.is_instance(member) else None


def _is_optimizer(module: ModuleType, member: object) -> bool:
    return bool(_optimizer_in(module, member)) or foreign.is_foreign(member)


def _full_reference(ref: str) -> str:
    """``torch:AdamW`` as the module and the name; UnknownNameError if the framework is not installed."""
    package, _, name = ref.partition(":")
    framework = package.partition(".")[0]
    if framework not in _EXTRAS:
        return ref
    if importlib.util.find_spec(framework) is None:
        extra = f"pip install 'optimizer-reportgen[{framework}]'"
        raise UnknownNameError(ref, "optimizer", None, f"{framework} is not installed; install it with {extra}")
    return f"torch.optim:{name}" if package == "torch" else ref


def _find_keras_optimizer(ref: str) -> type[Optimizer]:
    name, known = ref.removeprefix(_KERAS_PREFIX), foreign.names()
    if name not in known:
        reason = with_known_names(f'keras.optimizers has no "{name}"', name, known)
        raise UnknownNameError(ref, "optimizer", nearest_name(name, known), reason)
    return foreign.from_name(name)


def _adapt(member: object, ref: str, base: Path) -> object:
    """The declaration of a foreign class or instance; anything else unchanged."""
    if isinstance(member, type):
        if issubclass(member, Optimizer):
            return member
        if foreign.is_class(member):
            return _from_keras_class(member)
        if foreign.is_torch(member):
            return _from_torch(member)
        if suits(member):
            return _from_class(member)
    if foreign.is_instance(member):
        return _from_instance(member, load(ref, "optimizer", base).__name__)
    if foreign.is_torch(member):
        return _from_torch(member)
    return _from_optax(member) if foreign.is_optax(member) else member


# Cached, so that each foreign class has a single declaration.
_from_class: Callable[[type], type[Optimizer]] = functools.cache(foreign.from_class)
_from_keras_class: Callable[[type], type[Optimizer]] = functools.cache(foreign.from_keras_class)
_from_instance = functools.cache(foreign.from_instance)
_from_torch: Callable[[Any], type[Optimizer]] = functools.cache(foreign.from_torch)
_from_optax: Callable[[Any], type[Optimizer]] = functools.cache(foreign.from_optax)


def _members_of_package(package: str) -> Iterator[tuple[ModuleType, object]]:
    for name in _files_of_package(package):
        yield from _members_of_file(package, name)


def _likely_members(package: str, name: str) -> Iterator[tuple[ModuleType, object]]:
    """The members of the file called ``name``, if there is one, and of the files that are loaded."""
    for file in _files_of_package(package):
        if file == name or f"{package}.{file}" in sys.modules:
            yield from _members_of_file(package, file)


@functools.cache
def _files_of_package(package: str) -> list[str]:
    return sorted(item.name for item in pkgutil.iter_modules(importlib.import_module(package).__path__))


def _members_of_file(package: str, name: str) -> Iterator[tuple[ModuleType, object]]:
    with tensorflow_on_first_use():
        module = importlib.import_module(f"{package}.{name}")
    yield from ((module, member) for member in vars(module).values())


def _optimizer_in(module: ModuleType, member: object) -> type[Optimizer] | None:
    """``member``, if it is an optimizer class that is defined in ``module`` and has a method ``step``."""
    if not isinstance(member, type) or not issubclass(member, Optimizer):
        return None
    return member if member.__module__ == module.__name__ and member.step is not Optimizer.step else None


def _name_clash(name: str, kind: str, ref: str) -> UnknownNameError:
    file = ref.rpartition(":")[0]
    reason = f"name clash: {name} is both built in and defined in {file}; refer to it as {ref} or rename it"
    return UnknownNameError(name, kind, ref, reason)


def _unknown_name(name: str, kind: str, known: list[str], file_errors: Iterable[str]) -> UnknownNameError:
    nearest = nearest_name(name, known)
    plural = {"optimizer": "optimizers", "loss": "losses"}[kind]
    hint = f'Did you mean "{nearest}"?' if nearest else f'Run "reportgen list {plural}" to see all names.'
    reason = " ".join([f'no {kind} is called "{name}".', hint, *file_errors])
    return UnknownNameError(name, kind, nearest, reason)


def _plugin_member(ref: str, kind: str, base: Path, suits: Callable[[ModuleType, object], bool]) -> object:
    """The value of the variable after the colon of ``ref``; ``suits`` tells which others to suggest."""
    module = load(ref, kind, base)
    source, _, name = ref.rpartition(":")
    if name not in vars(module):
        known = [other for other, member in vars(module).items() if suits(module, member)]
        reason = f'{source} has no {kind} "{name}"'
        reason = with_known_names(reason, name, known) if known else f"{reason}; it defines no {kind}"
        raise UnknownNameError(ref, kind, nearest_name(name, known), reason)
    found: object = vars(module)[name]
    return found


def _loss_problem(member: object) -> str:
    if callable(member) and not isinstance(member, type):
        return "not a loss: decorate the function with @loss from reportgen.loss"
    return f"not a loss: expected a function decorated with @loss(...), found {_with_article(type(member).__name__)}"


def _usable_optimizer(member: object, ref: str) -> type[Optimizer]:
    """``member``, if it is a complete optimizer class; BrokenPluginError otherwise."""
    if not isinstance(member, type):
        found = _with_article(type(member).__name__)
        raise BrokenPluginError(ref, f"not an optimizer: expected a class derived from Optimizer, found {found}")
    if not issubclass(member, Optimizer):
        expected = "a class derived from reportgen.optimizer.Optimizer, or one with apply_gradients(grads, vars)"
        raise BrokenPluginError(ref, f"not an optimizer: expected {expected}")
    problem = None if issubclass(member, foreign.ForeignOptimizer) else _declaration_problem(member)
    if problem:
        raise BrokenPluginError(ref, problem)
    return member


def _declaration_problem(kind: type[Optimizer]) -> str | None:
    if kind.step is Optimizer.step:
        return "no method step(self, x, state, problem)"
    annotations = vars(kind).get("__annotations__", {}).values()
    if any("ClassVar" not in str(each) for each in annotations) and "__dataclass_params__" not in vars(kind):
        return "hyperparameters not found: decorate the class with @dataclass(frozen=True)"
    missing = [field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING]
    return f'hyperparameter "{missing[0]}" has no default' if missing else None


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"

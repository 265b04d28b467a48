"""Which device the programs run on, and how it is prepared before TensorFlow first touches it."""

from __future__ import annotations

import platform
from pathlib import Path

import tensorflow as tf

from reportgen.engine.result import Device

_ACCELERATORS = ("GPU", "TPU")


def choose(requested: str, turn: int = 0) -> Device:
    """Return the device for ``auto`` (an accelerator if TensorFlow finds one), ``cpu``, ``gpu``, ``tpu`` or ``cpu:1``.

    Args:
        requested: the key ``device`` of the config.
        turn: number of the program. If there are several devices of a kind, programs take turns.

    Raises:
        ValueError: there is no such device.
    """
    _grow_memory()
    devices = tf.config.list_logical_devices()
    kind, _, index = requested.upper().partition(":")
    if requested == "auto":
        kind = next((d.device_type for d in devices if d.device_type in _ACCELERATORS), "CPU")
    matching = [d for d in devices if d.device_type == kind and index in ("", d.name.rpartition(":")[2])]
    if not matching:
        raise ValueError(f'device "{requested}": TensorFlow finds no such device; it finds {", ".join(names())}')
    found = matching[turn % len(matching)]
    return Device(found.name, found.device_type, _describe(found.device_type))


def names() -> list[str]:
    """Return the devices that TensorFlow finds, as in a config: ``cpu:0``."""
    _grow_memory()
    return [device.name.removeprefix("/device:").lower() for device in tf.config.list_logical_devices()]


def _grow_memory() -> None:
    for device in tf.config.list_physical_devices("GPU"):
        # Set already, or the device is in use: then it is too late, and harmless.
        try:
            tf.config.experimental.set_memory_growth(device, True)
        except (RuntimeError, ValueError):
            continue


def _describe(kind: str) -> str:
    if kind != "GPU":
        return _processor()
    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    return str(details.get("device_name", "GPU"))


def _processor() -> str:
    """The processor's model name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())

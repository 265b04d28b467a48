"""Which device the programs run on, and how it is prepared before TensorFlow first touches it."""

from __future__ import annotations

import platform
from pathlib import Path

import tensorflow as tf

from reportgen.engine.result import Device

_ACCELERATORS = ("GPU", "TPU")


def choose(requested: str) -> Device:
    """The device for ``auto`` (an accelerator when TensorFlow sees one), ``cpu``, ``gpu``, ``tpu``, or ``cpu:1``.

    Raises ValueError where there is no such device.
    """
    _grow_memory()
    devices = tf.config.list_logical_devices()
    if requested == "auto":
        found = next((d for d in devices if d.device_type in _ACCELERATORS), devices[0])
    else:
        kind, _, index = requested.upper().partition(":")
        matching = [d for d in devices if d.name.endswith(f"{kind}:{index or 0}")]
        if not matching:
            names = ", ".join(d.name.removeprefix("/device:").lower() for d in devices)
            raise ValueError(f"device {requested!r} is not here: TensorFlow sees {names}")
        found = matching[0]
    return Device(found.name, found.device_type, _describe(found.device_type))


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

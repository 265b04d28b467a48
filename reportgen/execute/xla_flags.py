"""Finds XLA flags that the installed TensorFlow does not know. XLA would end the process because of them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from reportgen.program_sources import tensorflow_version
from reportgen.regular_files import parse_json, read_text
from reportgen.tf_setup import XLA_FLAGS, users_xla_flags

VERIFIED = "2.21."
"""Versions of TensorFlow that know all flags of both tiers."""

_PROBE = "import tensorflow as tf; tf.function(lambda: tf.constant(1.0) + 1.0, jit_compile=True)()"


def unknown_flags(tier: str) -> tuple[str, ...]:
    """Return the flags of a tier, and of the user, that TensorFlow does not know.

    A process that uses TensorFlow finds this out once for each version and set of flags. The answer is kept in the
    user's cache folder. For the flags of reportgen and a verified version it is known.
    """
    flags = (*XLA_FLAGS[tier], *users_xla_flags())
    version = tensorflow_version()
    if version.startswith(VERIFIED) and not users_xla_flags():
        return ()
    key = hashlib.sha256("\n".join((version, *flags)).encode()).hexdigest()
    file = platformdirs.user_cache_path("reportgen") / f"unknown-xla-flags-{key[:16]}.json"
    try:
        kept = parse_json(read_text(file))
        return tuple(flag for flag in flags if flag in kept)
    except (OSError, ValueError, TypeError):
        unknown = _probe(flags)
    _keep(file, unknown)
    return unknown


def _probe(flags: Sequence[str]) -> tuple[str, ...]:
    """The flags that end a process, which names one of them at a time."""
    unknown: list[str] = []
    while True:
        known = [flag for flag in flags if flag not in unknown]
        environment = os.environ | {"XLA_FLAGS": " ".join(known)}
        done = subprocess.run(
            [sys.executable, "-c", _PROBE], env=environment, capture_output=True, text=True, check=False
        )
        named = re.findall(r"Unknown flags? in XLA_FLAGS: (.*)", done.stderr)
        new = [flag for flag in known if any(flag in text.split() for text in named)]
        if not new:
            return tuple(unknown)
        unknown += new


def _keep(file: Path, unknown: Sequence[str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(unknown), encoding="utf-8")
    except OSError:
        return  # found out again next time

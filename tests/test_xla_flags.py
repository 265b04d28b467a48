"""XLA flags that TensorFlow does not know, which would end each worker process, are left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen.execute import xla_flags
from reportgen.tf_setup import QUICK, XLA_FLAGS

MADE_UP = "--xla_made_up_by_a_test=1"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
def test_a_build_goes_on_without_a_flag_that_tensorflow_does_not_know(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reportgen", "run", "-o", "adam", "-l", "quartic", "--steps", "10"]
    done = subprocess.run(
        command,
        env=os.environ | {"XLA_FLAGS": MADE_UP, "FORCE_COLOR": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stderr
    assert (tmp_path / "output" / "results" / "runs.parquet").is_file()


@pytest.mark.slow
def test_flags_of_reportgen_are_probed_once_for_another_version(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.setattr(xla_flags, "VERIFIED", "0.0.")
    monkeypatch.setitem(XLA_FLAGS, QUICK, (*XLA_FLAGS[QUICK], MADE_UP))
    assert xla_flags.unknown_flags(QUICK) == (MADE_UP,)
    assert len(list(cache.glob("reportgen/*.json"))) == 1
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("probed again"))
    assert xla_flags.unknown_flags(QUICK) == (MADE_UP,)


def test_a_verified_version_is_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("probed"))
    assert xla_flags.unknown_flags(QUICK) == ()

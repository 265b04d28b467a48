"""Runs the commands of other processes in this one, which has already imported what each of them would import."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Self, TypeVar

import pytest
from click.testing import CliRunner, Result

from reportgen.cli import main

T = TypeVar("T")

CLIENT = """#!{python}
import os, sys
from multiprocessing.connection import Client

with Client({address!r}) as server:
    server.send((os.getcwd(), sys.argv[1:]))
    code, output, errors = server.recv()
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


def run(folder: Path, arguments: list[str]) -> Result:
    """The result of ``reportgen`` with these arguments in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(main, arguments)


class Commands:
    """A program that stands for ``reportgen`` and lets this process run its commands, one after the other.

    A context manager.
    """

    def __init__(self, program: Path, run: Callable[[Path, list[str]], Result] = run) -> None:
        """Write the program. ``run`` answers a command: a folder and arguments."""
        self._run = run
        self._listener = Listener()
        address = self._listener.address
        program.write_text(CLIENT.format(python=sys.executable, address=address), encoding="utf-8")
        program.chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def during(self, work: Callable[[], T]) -> T:
        """The result of ``work``, which runs in a thread, while this thread runs the commands."""
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(work)
            done.add_done_callback(lambda _: Client(self._listener.address).close())
            try:
                while self._answers_one():
                    pass
            except BaseException:
                self._listener.close()  # so that no command waits for an answer
                raise
            return done.result()

    def _answers_one(self) -> bool:
        with self._listener.accept() as client:
            try:
                folder, arguments = client.recv()
            except EOFError:
                return False
            ran = self._run(Path(folder), arguments)
            client.send((ran.exit_code, ran.stdout, ran.stderr))
            return True

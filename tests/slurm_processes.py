"""A real Slurm on this machine: one controller, and two nodes with one processor each."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dask_processes import wait_until

CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=3600
KillWait=1
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


@contextmanager
def slurm_processes(folder: Path) -> Iterator[None]:
    """Slurm, which commands of this process find. Skips the test if it cannot be started."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # where Debian has the daemons
    if not all(shutil.which(name, path=path) for name in ("munged", "slurmctld", "slurmd")) or os.getuid() != 0:
        pytest.skip("Slurm is not installed, or this is not root: apt-get install slurm-wlm munge")
    for name in ("state", "n1", "n2"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    config = folder / "slurm.conf"
    config.write_text(CONFIG.format(folder=folder, host=platform.node().partition(".")[0], ports=_free_ports(3)))
    munge = {name: folder / f"munge.{name}" for name in ("socket", "pid", "log", "seed", "key")}
    options = [f"--{name}{'' if name == 'socket' else '-file'}={path}" for name, path in munge.items()]
    commands = [["munged", "--foreground", "--force", *options], ["slurmctld", "-D"]]
    commands += [["slurmd", "-D", "-N", node] for node in ("n1", "n2")]
    running: list[subprocess.Popen[bytes]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(config))
        patch.setenv("PATH", path)
        try:
            with (folder / "output.log").open("ab") as log:
                for command in commands:
                    running.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
                    if command[0] == "munged":
                        wait_until(munge["socket"].exists)
            wait_until(lambda: _output("sinfo", "--noheader", "--format=%T %D").strip() == "idle 2")
            yield
            _output("scancel", "--user=root")
            wait_until(lambda: not _output("squeue", "--noheader"))
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait()


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()

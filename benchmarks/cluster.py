"""Measure what several machines cost and bring: merging shards, and programs on a Dask cluster.

    python benchmarks/cluster.py merge [--shards 100] [--runs 100000]
    python benchmarks/cluster.py overhead [--rounds 3]
    python benchmarks/cluster.py efficiency [--rounds 3]
    python benchmarks/cluster.py simulate [--workers 16 64 256]

merge        time and peak memory of merging shards with the given number of runs each; the peer: a copy of the files
overhead     the default matrix on a cluster of one worker, minus the same on this machine
efficiency   a compute-bound matrix on two workers and on one, each on its own core; the peer: a loop of Python on two
             cores and on one, since cores may share their arithmetic units
simulate     Dask's scheduling alone: tasks that sleep as long as the engine computes, and return as many bytes (at most
             2 MB each: larger results would not fit into the memory of this machine); each thread stands for a worker
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

REPORTGEN = [sys.executable, "-m", "reportgen"]
LOSSES = (
    "quartic",
    "beale",
    "rosenbrock",
    "himmelblau",
    "booth",
    "matyas",
    "ackley",
    "levy",
    "easom",
    "goldstein_price",
)
OPTIMIZERS = (
    *("gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamax", "nadam", "adadelta"),
    "adamw",
)
RUN_STEPS_PER_SECOND = 1e8
"""Of the engine on one machine, for the simulation."""
BYTES_PER_RUN = 120
"""Of the results without trajectories."""
_LONGEST = 120.0
"""Seconds of a simulation."""
BUSY = "import time; b = time.process_time(); s = 0\nwhile time.process_time() - b < 3: s += 1\nprint(s)"


def seconds(command: Sequence[str | Path], folder: Path) -> float:
    """The wall time of a command; exits if it fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - begin


def peak(command: Sequence[str | Path], folder: Path) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MiB of a command with one process."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024); sys.exit(done.returncode)"
    )
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return time.perf_counter() - begin, float(done.stdout)


def merge(shards: int, runs: int, folder: Path) -> None:
    """Run one shard that is the whole matrix, deal its programs to the shards, and merge these."""
    starts = runs * shards // (len(LOSSES) * len(OPTIMIZERS))
    (folder / "matrix.toml").write_text(
        f"losses = {list(LOSSES)}\noptimizers = {list(OPTIMIZERS)}\nlearning_rates = [0.01]\nsteps = 10\n"
        f'starts = {{ random = {starts - 1} }}\ntrace = "none"\n'
    )
    took = seconds([*REPORTGEN, "run", "matrix.toml", "--shard", "1/1", "--output", "one", "-q"], folder)
    record = json.loads((folder / "one/results/shard.json").read_text())
    for number in range(shards):
        part = folder / f"part-{number + 1}" / "results"
        (part / "parts").mkdir(parents=True)
        record["shard"] = {"number": number + 1, "count": shards}
        (part / "shard.json").write_text(json.dumps(record))
        for program in record["programs"][number::shards]:
            (folder / "one/results/parts" / program["fingerprint"]).rename(part / "parts" / program["fingerprint"])
    parts = sorted(path.name for path in folder.glob("part-*"))
    size = sum(file.stat().st_size for name in parts for file in (folder / name).rglob("*") if file.is_file())
    begin = time.perf_counter()
    for name in parts:
        shutil.copytree(folder / name, folder / "copy" / name)
    copying = time.perf_counter() - begin
    merging, memory = peak([*REPORTGEN, "merge", *parts, "--output", "output"], folder)
    print(f"{shards} shards, {runs * shards:,} runs, {size / 2**20:,.0f} MiB (run in {took:.0f} s)")
    print(
        f"merge {merging:.1f} s, {memory:,.0f} MiB; a copy of the files {copying:.1f} s: ratio {merging / copying:.1f}"
    )


@contextmanager
def cluster(folder: Path, cores: Sequence[int | None]) -> Iterator[Path]:
    """A scheduler and one worker for each core; None: a worker on all cores."""
    file = folder / "scheduler.json"
    processes = []

    def start(*arguments: str, core: int | None = None) -> None:
        pin = [] if core is None else ["taskset", "--cpu-list", str(core)]
        threads = {} if core is None else {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
        command = [*pin, sys.executable, "-m", "dask", *arguments, "--no-dashboard", "--host", "127.0.0.1"]
        with (folder / "dask.log").open("a") as log:
            process = subprocess.Popen(command, cwd=folder, env=os.environ | threads, stdout=log, stderr=log)
        processes.append(process)

    start("scheduler", "--port", "0", "--scheduler-file", str(file))
    try:
        while not file.exists():
            time.sleep(0.1)
        for core in cores:
            start("worker", "--scheduler-file", str(file), "--nthreads", "1", core=core)
        from distributed import Client

        with Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(len(cores))
        yield file
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()
        file.unlink(missing_ok=True)


def overhead(rounds: int, folder: Path) -> None:
    """Compare the default matrix on one worker with the same on this machine."""
    here, there = [], []
    with cluster(folder, [None]) as file:
        for number in range(rounds):
            here.append(seconds([*REPORTGEN, "run", "-q", "--output", f"here-{number}"], folder))
            arguments = ["--cluster", str(file), "--output", f"there-{number}"]
            there.append(seconds([*REPORTGEN, "run", "-q", *arguments], folder))
    gap = median(there) - median(here)
    print(f"default matrix: here {median(here):.1f} s, on a cluster {median(there):.1f} s: {gap:+.1f} s")


def efficiency(rounds: int, folder: Path) -> None:
    """Compare two workers with one, and the two cores with one."""
    (folder / "matrix.toml").write_text(
        f"losses = {list(LOSSES[:6])}\noptimizers = {list(OPTIMIZERS[:4])}\nlearning_rates = [0.01, 0.1]\n"
        'steps = 100000\nstarts = { random = 999 }\ntrace = "none"\n'
    )
    times: dict[int, list[float]] = {1: [], 2: []}
    for number in range(rounds):
        for workers in (1, 2):
            with cluster(folder, range(workers)) as file:
                arguments = ["--cluster", str(file), "--output", f"{workers}-{number}"]
                times[workers].append(seconds([*REPORTGEN, "run", "matrix.toml", "-q", *arguments], folder))
    one, two = median(times[1]), median(times[2])
    peers = [_loops(workers) for workers in (1, 2)]
    print(f"1 worker {one:.1f} s, 2 workers {two:.1f} s: efficiency {one / two / 2:.2f}")
    print(f"loops of Python on 2 cores, each compared with one alone: {peers[1] / peers[0]:.2f}")


def _loops(count: int) -> float:
    """Iterations of a loop in 3 s of processor time, the mean of several that run at the same time."""
    commands = [["taskset", "--cpu-list", str(core), sys.executable, "-c", BUSY] for core in range(count)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    return sum(int(process.communicate()[0]) for process in running) / count


def _sleep(duration: float, size: int) -> bytes:
    time.sleep(duration)
    return bytes(size)


def simulate(workers: Sequence[int]) -> None:
    """Print the efficiency of Dask's scheduling for 10^6 to 10^9 runs of 1,000 steps."""
    from distributed import Client, LocalCluster

    from reportgen.plan import MOST_WORK

    print("| runs | " + " | ".join(f"{count} workers" for count in workers) + " |")
    rows: dict[int, list[str]] = {10**power: [] for power in (6, 7, 8, 9)}
    for count in workers:
        with (
            LocalCluster(
                n_workers=16, threads_per_worker=count // 16, processes=False, dashboard_address=None
            ) as machines,
            Client(machines) as client,
        ):
            for runs, row in rows.items():
                tasks = max(3 * count, round(runs * 1000 * 2 / MOST_WORK))
                work = runs * 1000 / RUN_STEPS_PER_SECOND
                if work / count > _LONGEST:
                    row.append("not simulated")
                    continue
                size = min(round(runs * BYTES_PER_RUN / tasks), 2_000_000)
                begin = time.perf_counter()
                futures = client.map(_sleep, [work / tasks] * tasks, size=size, pure=False)
                for future in futures:
                    future.result()
                    future.release()
                took = time.perf_counter() - begin
                row.append(f"{work / count / took:.2f} ({took:.1f} s)")
    for runs, row in rows.items():
        print(f"| {runs:.0e} | " + " | ".join(row) + " |")


def main() -> None:
    """Measure what the first argument names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("merge", "overhead", "efficiency", "simulate"))
    parser.add_argument("--shards", type=int, default=100)
    parser.add_argument("--runs", type=int, default=100_000, help="runs of each shard")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[16, 64, 256])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.what == "merge":
            merge(options.shards, options.runs, folder)
        elif options.what == "overhead":
            overhead(options.rounds, folder)
        elif options.what == "efficiency":
            efficiency(options.rounds, folder)
        else:
            simulate(options.workers)


if __name__ == "__main__":
    main()

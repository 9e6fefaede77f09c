"""Runs programs and says what they took: shared by benches/growth, benches/peers/run and benches/instructions."""

import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass
class Took:
    """What one run of a program took."""

    wall: float  # seconds
    processor: float  # seconds of all threads, user and system
    memory: int  # peak resident bytes. Never less than this interpreter's own: Linux keeps it over exec.


def run(command, stdin=None, stdout=None, environment=None):
    """Runs a program to its end. Exit code 1 is an answer of tools that judge, everything else must be 0."""
    null = os.open(os.devnull, os.O_RDWR)
    source = os.open(stdin, os.O_RDONLY) if stdin else null
    target = os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if stdout else null
    errors = os.memfd_create("errors")
    actions = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, target, 1), (os.POSIX_SPAWN_DUP2, errors, 2)]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, environment or os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        said = os.pread(errors, 2000, max(0, os.fstat(errors).st_size - 2000)).decode(errors="replace")
        sys.exit(f"{' '.join(command)} ended with {code}: {said}")
    for descriptor in {null, source, target, errors}:
        os.close(descriptor)
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def interleaved(commands, runs=5, warm=1, environment=None):
    """The median of each command, each run once per round, so that a busy moment of the machine meets them all."""
    taken = {name: [] for name in commands}
    for turn in range(warm + runs):
        for name, command in commands.items():
            took = run(command, environment=environment)
            if turn >= warm:
                taken[name].append(took)
    return {
        name: Took(
            statistics.median(took.wall for took in all_took),
            statistics.median(took.processor for took in all_took),
            max(took.memory for took in all_took),
        )
        for name, all_took in taken.items()
    }


def machine():
    """The machine in a line: processor, cores, memory, kernel."""
    with open("/proc/cpuinfo") as text:
        names = [line.split(":", 1)[1].strip() for line in text if line.startswith("model name")]
    with open("/proc/meminfo") as text:
        kilobytes = int(text.readline().split()[1])
    cores = len(os.sched_getaffinity(0))
    kernel = ".".join(platform.release().split(".")[:2])
    return f"{names[0] if names else platform.machine()}, {cores} cores, {kilobytes / 1e6:.0f} GB, Linux {kernel}"


def said_by(command):
    """The first line that a command prints, or nothing where it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).strip().split("\n")[0]

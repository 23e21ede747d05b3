"""A real SLURM of one node, started for a test and stopped after it: munge, controller, node daemon, a pretend GPU."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ETC = Path("/etc/slurm")
PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo", "scontrol", "scancel")
PARTITION, GPU_PARTITION = "main", "accelerated"
#: Where Debian puts the daemons; not every user has it on the path.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

SLURM_CONF = """
ClusterName={cluster}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MinJobAge=3600
SchedulerParameters=sched_min_interval=100000,bf_interval=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} Gres=gpu:1 State=UNKNOWN
PartitionName={partition} Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName={gpu_partition} Nodes={host} Default=NO MaxTime=INFINITE State=UP
"""
GRES_CONF = "NodeName={host} Name=gpu Count=1 File=/dev/null\n"


def why_not() -> str | None:
    """What is missing to run a SLURM here; nothing if one can be run."""
    if os.geteuid() != 0:
        return "a one-node SLURM needs root"
    missing = [name for name in PROGRAMS if shutil.which(name, path=PLACES) is None]
    if missing:
        return f"Debian's packages slurm-wlm and munge are not installed ({', '.join(missing)} missing)"
    try:
        subprocess.run(["squeue", "--noheader"], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return "a SLURM is running here already, and its configuration must stay"


@dataclass
class OneNode:
    """What a test may ask the running SLURM.

    Parameters
    ----------
    folder
        Logs of the daemons and their state.
    """

    folder: Path

    def jobs(self) -> list[dict[str, str]]:
        """All jobs that SLURM still remembers, in the order of submission, with what `scontrol` shows of each."""
        shown = subprocess.run(
            ["scontrol", "--oneliner", "show", "jobs"], capture_output=True, text=True, check=True).stdout
        lines = [line.strip() for line in shown.splitlines() if "JobId=" in line]
        found = [dict(re.findall(r"([\w/:]+)=(.*?)(?= +[\w/:]+=|$)", line)) for line in lines]
        return sorted(found, key=lambda job: int(job["JobId"]))

    def cancel_all(self, seconds: float = 20) -> None:
        """End every job of this SLURM, and wait until their processes are gone."""
        for partition in (PARTITION, GPU_PARTITION):
            subprocess.run(["scancel", "--partition", partition], check=False)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            left = subprocess.run(["squeue", "--noheader"], capture_output=True, text=True, check=False)
            if not left.stdout.strip():
                return
            time.sleep(0.5)


@contextmanager
def one_node_slurm(folder: Path, cpus: int = 4, memory_mb: int = 64000) -> Iterator[OneNode]:
    """Run a SLURM while the block runs; what was in its configuration folder is put back.

    Parameters
    ----------
    folder
        Empty; takes state and logs.
    cpus, memory_mb
        What the node says it has. Memory is promised, not enforced.

    Raises
    ------
    RuntimeError
        If a daemon ends by itself, or no node is idle within a minute; with the ends of the logs.
    """
    host = socket.gethostname().split(".")[0]
    values = {
        "host": host, "folder": folder, "cpus": cpus, "memory_mb": memory_mb, "partition": PARTITION,
        "gpu_partition": GPU_PARTITION, "cluster": f"test{os.getpid()}", "ctld_port": _free_port(),
        "slurmd_port": _free_port(),
    }
    with ExitStack() as stack:
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        _configure(stack, {"slurm.conf": SLURM_CONF.format(**values), "gres.conf": GRES_CONF.format(**values)})
        key = _munge_key(folder)
        daemons = _Daemons(folder)
        stack.callback(_end_jobs, values["cluster"])
        stack.callback(daemons.stop)
        daemons.start("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket",
                      f"--pid-file={folder}/munge.pid", f"--log-file={folder}/munged.log",
                      f"--seed-file={folder}/munge.seed")
        daemons.wait_for(lambda: (folder / "munge.socket").exists(), "munge's socket")
        daemons.start("slurmctld", "-D")
        daemons.start("slurmd", "-D", "-N", host)
        daemons.wait_for(_is_idle, "an idle node")
        node = OneNode(folder)
        stack.callback(node.cancel_all)
        yield node


class _Daemons:
    """Started here, and only those are stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.running = folder, []

    def start(self, name: str, *words: str) -> None:
        log = (self.folder / f"{name}.out").open("w")
        program = shutil.which(name, path=PLACES)
        self.running.append((name, subprocess.Popen(
            [program, *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True), log))

    def wait_for(self, reached: Callable[[], bool], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            dead = [name for name, process, _ in self.running if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                ends = "\n".join(
                    f"{path.name}: {path.read_text(errors='replace')[-1500:]}"
                    for path in [*self.folder.glob("*.out"), *self.folder.glob("*.log")])
                raise RuntimeError(f"no {what}; ended by themselves: {dead or 'none'}\n{ends}")
            time.sleep(0.2)

    def stop(self) -> None:
        for _, process, log in reversed(self.running):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()


def _end_jobs(cluster: str) -> None:
    """End processes of this SLURM's jobs that outlive it: those of a node that was said to be down are told nothing."""
    wanted = f"SLURM_CLUSTER_NAME={cluster}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)


def _configure(stack: ExitStack, files: dict[str, str]) -> None:
    """Write to the one folder that every SLURM program reads, and give back afterwards what was there."""
    ETC.mkdir(exist_ok=True)
    for name, text in files.items():
        place = ETC / name
        before = place.read_bytes() if place.exists() else None
        stack.callback(place.unlink if before is None else lambda place=place, before=before: place.write_bytes(before))
        place.write_text(text)


def _munge_key(folder: Path) -> Path:
    """A key of this SLURM's own, so that the machine's is not touched."""
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    return key


def _is_idle() -> bool:
    try:
        answer = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"], capture_output=True, text=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0 and "idle" in answer.stdout.split()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

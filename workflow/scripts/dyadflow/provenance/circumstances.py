"""Under which circumstances a job ran: machine, device, versions. Nothing is imported to find out."""

import platform
import sys
from collections.abc import Iterable
from typing import Any

from dyadflow.provenance.digest import PACKAGE, version_of

#: Always of interest where they are loaded, whoever loads them.
DECIDING = ("av", "h5py", "numpy", "pandas", "scipy", "sklearn", "torch", "transformers", "safetensors")


def device_used() -> str:
    """What a job has computed on: the name of each GPU on which memory was taken, else ``CPU``."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        used = [
            torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())
            if torch.cuda.max_memory_allocated(number) > 0
        ]
        if used:
            return f"CUDA {torch.version.cuda}, {' and '.join(used)}"
    return "CPU"


def instructions_used() -> str | None:
    """Which instructions of the CPU PyTorch has chosen, if it is loaded: they decide the last bits of numbers."""
    torch = sys.modules.get("torch")
    return None if torch is None else torch.backends.cpu.get_cpu_capability()


def platform_used() -> str:
    """Operating system and kind of machine, such as ``Linux x86_64``; never the machine's name."""
    return f"{platform.system()} {platform.machine()}"


def versions_used(libraries: Iterable[str] = ()) -> dict[str, str]:
    """Versions of Python, of this package and of what is loaded of `libraries`, which are names of imports.

    What is loaded also includes the workflow engine's own needs; only what can decide results is of interest.
    """
    loaded = sorted({*DECIDING, *libraries} & set(sys.modules) - {PACKAGE})
    return {
        "python": platform.python_version(), PACKAGE: version_of(PACKAGE),
        **{name: version_of(name) for name in loaded},
    }


def engine_used() -> str | None:
    """Version of the workflow engine, if one has loaded this."""
    return version_of("snakemake") if "snakemake" in sys.modules else None


def seed_of(params: dict[str, Any]) -> Any:
    """The seed among a job's settings: its own, or that of the one setting that has one; ``None`` without."""
    if "seed" in params:
        return params["seed"]
    inner = [value["seed"] for value in params.values() if isinstance(value, dict) and "seed" in value]
    return inner[0] if len(inner) == 1 else None

"""What figures were measured on, in general terms."""

import platform
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path


def machine(libraries: Iterable[str]) -> str:
    """The processor, cores, memory, system, Python and these libraries, as one sentence."""
    cpu = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = Path("/proc/meminfo").read_text(encoding="ascii")
    gigabytes = round(int(re.findall(r"MemTotal:\s+(\d+)", memory)[0]) / 1024**2)
    named = ", ".join(f"{name} {version(name)}" for name in libraries)
    return (
        f"{cpu[0] if cpu else platform.machine()}, {len(cpu)} cores, {gigabytes} GB, "
        f"{platform.system()}, Python {platform.python_version()}, {named}."
    )

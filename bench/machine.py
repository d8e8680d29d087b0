"""The machine and the versions that figures were taken with."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("Django", "djangorestframework", "psycopg", "uvicorn", "django-import-export")


def describe() -> dict[str, Any]:
    """Return processor, memory, system, versions, and how busy the machine was with other work."""
    from config.embedded.account import program_directory

    programs = Path(program_directory())
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "postgresql": os.popen(f"{programs / 'postgres'} --version").read().split()[-1],
        "packages": {name: version(name) for name in PACKAGES},
        "load_average": [round(each, 1) for each in os.getloadavg()],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

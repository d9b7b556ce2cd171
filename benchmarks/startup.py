"""What importing the plugin costs: its own share of processor time, beside that of pytest.

    python benchmarks/startup.py [--rounds 50]

Each round starts three interpreters in turn: one that imports pytest alone, one that imports the plugin after it, and
one that imports pytest alone again. Printed are medians with the least and the most, in milliseconds of processor time:
the plugin's own share as its process measures it around the import, the difference between the whole processes of a
round, and that between the two without the plugin, which tells how far the machine can be trusted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ALONE = """
import time
import pytest
print(time.process_time(), 0)
"""
WITH_PLUGIN = """
import time
import pytest
before = time.process_time()
import pytest_async_orm.plugin
after = time.process_time()
print(after, after - before)
"""


def milliseconds(program: str) -> tuple[float, float]:
    """Processor time of a whole interpreter, and of the import that it measures."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    whole, share = map(float, output.split())
    return 1000 * whole, 1000 * share


def shown(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} [{min(values):.1f}-{max(values):.1f}] ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    # The first ones write bytecode.
    for program in (ALONE, WITH_PLUGIN):
        milliseconds(program)
    alone, shares, differences, noise = [], [], [], []
    for _ in range(options.rounds):
        before, (whole, share), after = milliseconds(ALONE)[0], milliseconds(WITH_PLUGIN), milliseconds(ALONE)[0]
        alone.append(before)
        shares.append(share)
        differences.append(whole - before)
        noise.append(after - before)
    print(f"pytest alone: {shown(alone)}")
    print(f"the plugin's own share: {shown(shares)}")
    print(f"with the plugin - without: {shown(differences)}")
    print(f"without again - without: {shown(noise)}")


if __name__ == "__main__":
    main()

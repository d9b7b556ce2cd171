"""The script `async-orm-conformance`, also `python -m conformance`."""

from __future__ import annotations

import sys

from conformance.cli import main as run_command


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command())


if __name__ == "__main__":
    main()

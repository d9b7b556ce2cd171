"""Where the files of the distribution are: below `conformance` and `sample_app`, in a wheel as in an sdist.

In a checkout this project's folder is the package `conformance` itself, and `sample_app` stands beside it. In an
unpacked sdist both are below the project's folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What belongs to the project, not to the package. Hidden folders do so as well.
_PROJECT = {"pyproject.toml", "README.md", "LICENSE", "__pycache__"}


class Layout(BuildHookInterface[Any]):
    """Hand the packages to the builder, which finds only what is below the project's folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install names a folder instead, and copies nothing."""
        if version != "editable":
            build_data["force_include"].update(_packages(Path(self.root)))


def _packages(root: Path) -> dict[str, str]:
    suite = root / "conformance"
    if not suite.is_dir():
        suite = root
    # Sorted: a wheel is the same, byte for byte, whether it was built from a checkout or from an sdist.
    own = sorted(path for path in suite.iterdir() if path.name not in _PROJECT and not path.name.startswith("."))
    return {str(path): f"conformance/{path.name}" for path in own} | {str(suite.parent / "sample_app"): "sample_app"}

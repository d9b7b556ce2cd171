"""The suite's own code for the environments that it builds."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from conformance.case import ExitCode, SuiteError

_PACKAGES = ("conformance", "sample_app")
# In a checkout the suite's project lives in its package. No wheel has these, and a copy is the same from either.
_NOT_CODE = shutil.ignore_patterns("__pycache__", ".*", "pyproject.toml", "README.md", "LICENSE")


def copy_packages(root: Path) -> Path:
    """A folder below `root` with the suite and the sample app, and no other package of the environment that runs this.

    Named by its content and kept, so that workers find their bytecode there. Raises `SuiteError` (setup) if it cannot
    be written.
    """
    folder = root / f"suite-{_digest()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not folder.exists():
            _copy(root, folder)
    except OSError as error:
        raise unwritable(root, error) from error
    return folder


def unwritable(root: Path, error: OSError) -> SuiteError:
    """The error for an environments folder that cannot be written."""
    return SuiteError(
        f"No environment can be built in {root}: {error.strerror or error}.",
        "Name another folder with --environments, or make room and permission there.",
        ExitCode.HARNESS,
    )


def _copy(root: Path, folder: Path) -> None:
    """All of it or nothing, also if two processes copy at once."""
    with tempfile.TemporaryDirectory(prefix=".suite-", dir=root, ignore_cleanup_errors=True) as temporary:
        draft = Path(temporary) / "draft"
        for name, source in _sources():
            shutil.copytree(source, draft / name, ignore=_NOT_CODE)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was first, with the same content
                raise


def _digest() -> str:
    digest = hashlib.sha256()
    for name, source in _sources():
        for path in sorted(_files(source)):
            digest.update(f"{name}/{path.relative_to(source).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _files(source: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(source):
        ignored = _NOT_CODE(folder, [*folders, *names])
        folders[:] = [name for name in folders if name not in ignored]
        yield from (Path(folder) / name for name in names if name not in ignored)


def _sources() -> Iterator[tuple[str, Path]]:
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        yield name, Path(spec.submodule_search_locations[0])

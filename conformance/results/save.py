"""Write whole results, as `merge` does, at once or not at all."""

from __future__ import annotations

from pathlib import Path

from conformance.case import ExitCode, SuiteError
from conformance.results.backup import back_up
from conformance.results.disk import replacement
from conformance.results.model import Results
from conformance.results.records import Record, as_line, cell_record, checksum, end_record, plan_record, run_record


def write_results(results: Results, path: Path) -> Path | None:
    """Write results to a file that `read_results` reads back. Without an `end` record if they are not complete.

    A file that is there and says something else is set aside; its new name is returned. Raises `SuiteError` (harness)
    if the file cannot be written; then nothing changed.
    """
    content = b"".join(map(as_line, _records(results)))
    if results.complete:
        content += as_line({**end_record(len(results.planned)), "sha256": checksum(content)})
    try:
        with replacement(path, content):
            return back_up(path) if path.is_file() and path.read_bytes() != content else None
    except OSError as error:
        raise _refused(path, error) from error


def _records(results: Results) -> list[Record]:
    run = run_record(
        results.environment,
        seed=results.seed,
        profile=results.profile,
        suite=results.suite,
        catalogue=results.catalogue,
    )
    return [run, plan_record(results.planned, results.entries), *map(cell_record, results.cells)]


def _refused(path: Path, error: OSError) -> SuiteError:
    return SuiteError(
        f"The results cannot be written to {path}: {error.strerror or error}.",
        "Name another folder with --output, or make room and permission there; the parts are unchanged.",
        ExitCode.HARNESS,
    )

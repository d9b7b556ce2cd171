"""Go on with an interrupted run, and only with the very same run."""

from __future__ import annotations

from pathlib import Path

from conformance.case import NOT_MADE, Cell, SuiteError, Verdict
from conformance.results.backup import back_up
from conformance.results.disk import LockedFile, drop_partial_line, refused
from conformance.results.lines import read_records
from conformance.results.read import read_results
from conformance.results.records import Record


def resume(path: Path, run: Record) -> dict[Cell, Verdict]:
    """The cells that the file has already measured in the very same run, with their verdicts.

    Cells that could not be measured (`setup_error`, `harness_error`) are not among them: they are tried again.

    Another run (environment, seed, profile, suite, catalogue), or a file that cannot be read as results, is set
    aside: renamed to `*.old-N.jsonl`, which `read_folder` leaves out. Raises `SuiteError` as `ResultWriter` does.
    """
    try:
        if not path.exists() or path.is_dir():  # a folder is for the writer to refuse
            return {}
    except OSError as error:
        raise refused(path, error.strerror or str(error)) from error
    file = LockedFile(path)  # what another process writes must not be renamed under its hands
    try:
        drop_partial_line(path)
        if _is_same_run(path, run):
            results = read_results(path)
            verdicts = {measured.cell: results.verdict(measured.cell) for measured in results.cells}
            return {cell: verdict for cell, verdict in verdicts.items() if verdict.name not in NOT_MADE}
        if path.stat().st_size:
            back_up(path)
        return {}
    except OSError as error:
        raise refused(path, error.strerror or str(error)) from error
    finally:
        file.close()


def set_aside(path: Path) -> None:
    """Rename the file of an earlier run to `*.old-N.jsonl`, if there is one. Raises `SuiteError` as `ResultWriter`."""
    if path.is_file() and path.stat().st_size:
        file = LockedFile(path)
        try:
            back_up(path)
        except OSError as error:
            raise refused(path, error.strerror or str(error)) from error
        finally:
            file.close()


def differences(old: Record, new: Record) -> str:
    """What two `run` records do not share, for people: `with another seed (1, not 2)`."""
    names = [name for name in sorted(new) if old.get(name) != new[name]]
    return "with " + " and ".join(
        "another environment" if name == "environment" else f"another {name} ({old.get(name)}, not {new[name]})"
        for name in names
    )


def _is_same_run(path: Path, run: Record) -> bool:
    try:
        read_results(path)
        records, _ = read_records(path)
    except SuiteError:
        return False
    return records[0] == run

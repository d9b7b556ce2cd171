"""The group of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import click

from conformance import __version__
from conformance.case import ExitCode, SuiteError
from conformance.cli.diff import diff
from conformance.cli.doctor import doctor
from conformance.cli.expect import expect
from conformance.cli.gate import gate
from conformance.cli.history import history
from conformance.cli.init import init
from conformance.cli.list import list_entries
from conformance.cli.matrix import matrix
from conformance.cli.merge import merge
from conformance.cli.plan import plan
from conformance.cli.report import report
from conformance.cli.repro import repro
from conformance.cli.run import run
from conformance.cli.schema import schema
from conformance.cli.selfcheck import selfcheck
from conformance.cli.show import show
from conformance.cli.stress import stress

NAME = "async-orm-conformance"


@click.group(name=NAME, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=NAME)
def app() -> None:
    """Is Django's async ORM right, does it refuse loudly, or is it silently wrong?"""


# A command is a file of this package, imported above and named here.
COMMANDS = (
    diff,
    doctor,
    expect,
    gate,
    history,
    init,
    list_entries,
    matrix,
    merge,
    plan,
    report,
    repro,
    run,
    schema,
    selfcheck,
    show,
    stress,
)
for command in COMMANDS:
    app.add_command(command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line (`sys.argv` by default) and return its exit code. Errors go to stderr."""
    try:
        answer = app.main(args=None if argv is None else list(argv), prog_name=NAME, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except SuiteError as error:
        return _report(error)
    except (click.Abort, KeyboardInterrupt):
        print("interrupted: what was measured is kept, and the same command goes on from there", file=sys.stderr)
        return ExitCode.INCOMPLETE
    except Exception:  # noqa: BLE001 - not the user's to put right: say so, and show where
        traceback.print_exc()
        print("error: this is a defect of the suite, not of what it measures; please report it", file=sys.stderr)
        return ExitCode.HARNESS
    return answer if isinstance(answer, int) else ExitCode.CONFORMS


def _report(error: SuiteError) -> int:
    print(f"error: {error.message}\n  {error.remedy}", file=sys.stderr)
    return error.code

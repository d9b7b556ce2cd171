"""The Action without settings of one's own: a matrix, in a CI, where nothing becomes green by measuring less."""

from __future__ import annotations

from tests.docs.reader import Reader
from tests.docs.test_action import run

SERIES = "5.2"
ARGUMENTS = f"--django {SERIES} --profile smoke --only queryset.acount:result"


def ci(reader: Reader, **environ: str) -> Reader:
    """A runner of GitHub, with what it sets."""
    reader.environ.update(CI="true", GITHUB_STEP_SUMMARY=str(reader.home / "summary.md"), **environ)
    return reader


def test_a_database_that_needs_no_server_is_green(suite_reader: Reader) -> None:
    """With the report and a badge, and the environment in the summary."""
    codes = run(ci(suite_reader), settings="", arguments=f"{ARGUMENTS} --database sqlite")
    assert codes == {"install": 0, "measure": 0, "show": 0, "gate": 0}
    assert f"| SQLite, Django {SERIES}." in (suite_reader.home / "summary.md").read_text("utf-8")
    assert (suite_reader.home / "conformance-results/badges/sqlite.svg").exists()


def test_a_server_that_does_not_answer_is_red(suite_reader: Reader) -> None:
    """Named in the summary; what answers is measured and shown."""
    codes = run(ci(suite_reader, PGPORT="1", MYSQL_TCP_PORT="1"), settings="", arguments=ARGUMENTS)
    assert codes == {"install": 0, "measure": 13, "show": 0, "gate": 13}
    summary = (suite_reader.home / "summary.md").read_text("utf-8")
    assert "setup or harness error" in summary
    assert "PostgreSQL" in summary
    assert "MariaDB" in summary

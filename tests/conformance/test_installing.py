"""What installers print, made one sentence."""

from __future__ import annotations

import pytest

from conformance.runner.installing import NEEDED, reason, remedy

_NONE = "error: No solution found when resolving dependencies\n  cause: "


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (
            f"{_NONE}Because there is no version of django==4.2.99 and you require django==4.2.99, we can conclude",
            "django==4.2.99 is not on the package index.",
        ),
        (
            "ERROR: Could not find a version\nERROR: No matching distribution found for Django==4.2.99",
            "Django==4.2.99 is not on the package index.",
        ),
        (
            f"{_NONE}Because only django<=6.1.3 is available and you require django>=6.2a1, we can conclude that your",
            "django>=6.2a1 is not on the package index, which has django<=6.1.3.",
        ),
        (
            f"{_NONE}Because django>=5.2,<=5.2.19 depends on asgiref>=3.8.1 and you require django>=5.2.0,<5.3.dev0,",
            "django>=5.2,<=5.2.19 accepts only asgiref>=3.8.1.",
        ),
        (
            "The conflict is caused by:\n    The user requested …\n    django 5.2.19 depends on asgiref>=3.8.1",
            "django 5.2.19 accepts only asgiref>=3.8.1.",
        ),
        (
            "error: Failed to build `mysqlclient==2.3.2`\n  cause: The build backend returned an error\n",
            f"mysqlclient==2.3.2 cannot be built here: it needs {NEEDED['mysqlclient']}.",
        ),
        (
            "error: Failed to build `psycopg2-binary==2.9.13`\n  cause: The build",
            "psycopg2-binary==2.9.13 cannot be built here, and has no wheel for this Python.",
        ),
        (
            "error: Request failed after 3 retries in 5.0s\n  cause: client error (Connect)\n  cause: dns error\n",
            "The package index does not answer.",
        ),
        (
            f"{_NONE}Because six==1.11.0 needs to be downloaded from a registry and you require six==1.11, we can",
            "six==1.11.0 is not in the installer's cache, and the network is switched off.",
        ),
        ("first\n" + "line\n" * 12, "\n".join(["line"] * 12)),
    ],
)
def test_the_reason_is_one_sentence(output: str, said: str) -> None:
    """Of uv and of pip; what is not known is quoted by its end."""
    assert reason(output) == said


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (
            "Because only django<=6.1.3 is available and you require django>=6.2a1, we",
            "There is no pre-release of Django",
        ),
        ("django>=6.1 depends on asgiref>=3.9.1", "Choose another asgiref with --asgiref"),
        ("error: Failed to build `mysqlclient==2.3.2`", "apt-get install pkg-config libmariadb-dev gcc"),
        ("Because there is no version of django==5.2.99 and", "Check the version and the network"),
    ],
)
def test_the_remedy_is_that_of_the_reason(output: str, said: str) -> None:
    """Nobody is sent to his network where a header is missing."""
    assert said in remedy(output)

"""What an installer's last words mean, in one sentence."""

from __future__ import annotations

import re

_LAST_LINES = 12
# Of uv and of pip. The first that matches is the reason; the rest of what they print says nothing more.
_REASONS = (
    (r"no version of (\S+)|No matching distribution found for (\S+)", "{} is not on the package index."),
    (r"only (\S+) is available and you require (\S+?),? ", "{1} is not on the package index, which has {0}."),
    (r"(\S+) depends on (asgiref\S+)|\n\s+(django \S+) depends on (asgiref\S+)", "{} accepts only {}."),
    (r"Failed to build `?(mysqlclient\S*?)`?\s", "{} cannot be built here: " + "it needs {}."),
    (r"Failed to build `?([\w.-]+==[\w.]+)`?\s", "{} cannot be built here, and has no wheel for this Python."),
    (
        r"(\S+) (?:was not found in the cache|needs to be downloaded)",
        "{} is not in the installer's cache, and the network is switched off.",
    ),
    (
        r"client error \(Connect\)|dns error|NewConnectionError|Temporary failure in name",
        "The package index does not answer.",
    ),
)
NEEDED = {"mysqlclient": "pkg-config, a C compiler, Python's headers, and those of MariaDB's client or MySQL's"}


_AGAIN = "Check the version and the network; the next run tries again, and the other environments go on."
# What to do about some reasons; the first that matches.
_REMEDIES = (
    (r"only \S+ is available and you require django>=\S+a1", "There is no pre-release of Django now: leave `pre` out."),
    (r"depends on asgiref", "Choose another asgiref with --asgiref, or another Django for this one."),
    (
        r"Failed to build `?mysqlclient",
        "On Debian: apt-get install pkg-config libmariadb-dev gcc. Without it --database mariadb goes through PyMySQL.",
    ),
)


def remedy(output: str) -> str:
    """What to do about it; the other environments go on in any case."""
    return next((text for pattern, text in _REMEDIES if re.search(pattern, output)), _AGAIN)


def reason(output: str) -> str:
    """Why something could not be installed: a known reason in one sentence, else the installer's last lines."""
    for pattern, text in _REASONS:
        if match := re.search(pattern, output):
            found = [group.rstrip(",.") for group in match.groups() if group]
            return text.format(*found, *(needs for name, needs in NEEDED.items() if found and name in found[0]))
    return "\n".join(output.strip().splitlines()[-_LAST_LINES:])

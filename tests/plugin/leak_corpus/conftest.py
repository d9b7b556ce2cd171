"""Every program runs twice, in a sandbox and with real connections; what was found is written for the test outside."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.conf import settings

MODES = [
    pytest.param("sandbox", marks=pytest.mark.django_db(databases=["default", "other"])),
    pytest.param("real", marks=pytest.mark.django_db(transaction=True, databases=["default", "other"])),
]


def is_sqlite():
    return os.environ.get("NATURAL_DATABASE", "sqlite-memory").startswith("sqlite")


@pytest.fixture(autouse=True, params=MODES)
def isolation(request):
    """Both kinds of connections."""
    if request.node.get_closest_marker("real_only") and request.param == "sandbox":
        pytest.skip("needs real connections")
    if request.node.get_closest_marker("locks") and request.param == "real" and is_sqlite():
        pytest.skip("SQLite's lock would keep the tables from being emptied")
    return request.param


KEPT = []
RELEASE = []


@pytest.fixture(autouse=True)
def kept():
    """Where a program keeps what it should not, until after it was judged."""
    KEPT.clear()
    while RELEASE:
        RELEASE.pop()()
    return KEPT


@pytest.fixture
def release():
    """What lets a thread go that a program left running, once it was judged."""
    return RELEASE


@pytest.fixture(autouse=True)
def census(request, isolation, connection_ledger):
    """The server agrees with the ledger at the end of every program, before the plugin cleans up."""
    yield
    for found in connection_ledger.census():
        assert found.disagreement == "", found
        request.config.stash[CENSUSES].append([request.node.nodeid, found.alias, found.cannot_see, found.strangers])


CENSUSES = pytest.StashKey()


def pytest_configure(config):
    config.stash[CENSUSES] = []


def pytest_unconfigure(config):
    while RELEASE:
        RELEASE.pop()()
    from pytest_async_orm.hooks.leaks import COLLECTED, session_leaks

    output = os.environ.get("CORPUS_OUTPUT")
    if output:
        found = {
            "tests": [leak for document in config.stash[COLLECTED] for leak in document["leaks"]],
            "session": session_leaks(config),
            "census": config.stash[CENSUSES],
            "vendor": settings.DATABASES["default"]["ENGINE"],
        }
        Path(output).write_text(json.dumps(found))

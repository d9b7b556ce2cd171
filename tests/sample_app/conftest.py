"""The sample app on one database, named by the settings module: `--ds sample_app.settings.postgresql`.

Nothing is rolled back here: what is committed is the subject, so the tables are emptied after each test.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, connections
from observer import Observer
from runners import RUNNERS
from servers import Served, uvicorn

ALIASES = ["default", "other"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.django_db(transaction=True, databases=ALIASES))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The test databases, for each worker its own, are called as the settings call a server's.

    SQLite's are files: threads and a server share them as in production.
    """
    _skip_without_server()
    default, other = (connections[alias].settings_dict for alias in ALIASES)
    if connection.vendor == "sqlite":
        folder = tmp_path_factory.mktemp("databases")
        for each in (default, other):
            each["TEST"]["NAME"] = str(folder / Path(each["NAME"]).name)
    else:
        name = default["TEST"]["NAME"] or f"test_{default['NAME']}"
        # Not written into what is there: the settings may give both databases one dict.
        default["TEST"] = {**default["TEST"], "NAME": name}
        other["TEST"] = {**other["TEST"], "NAME": f"{name}_other"}


def _skip_without_server() -> None:
    """A database that is missing is a failure where everything has to be there, and a reason elsewhere."""
    if connection.vendor == "sqlite" or os.environ.get("CI"):
        return
    server = connection.settings_dict
    try:
        socket.create_connection((server["HOST"], int(server["PORT"])), 5).close()
    except OSError as error:
        pytest.skip(f"{connection.display_name} does not answer: {error}")


@pytest.fixture
def observer(transactional_db: None) -> Iterator[Observer]:
    """What is really committed."""
    observer = Observer()
    yield observer
    observer.close()


@pytest.fixture
def users(transactional_db: None) -> list[int]:
    """The keys of two users, ada and grace."""
    return [get_user_model().objects.create_user(name).pk for name in ("ada", "grace")]


@pytest.fixture(params=RUNNERS, ids=lambda runner: runner.__name__)
def run(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Run a coroutine function to its end, in each of the ways."""
    return request.param


@pytest.fixture(scope="session")
def _served(django_db_setup: None) -> Iterator[Served]:
    with uvicorn(os.environ.get("DJANGO_SETTINGS_MODULE", settings.SETTINGS_MODULE)) as served:
        yield served


@pytest.fixture
def served(_served: Served, transactional_db: None) -> Served:
    """The sample app under uvicorn, on the test's database."""
    return _served

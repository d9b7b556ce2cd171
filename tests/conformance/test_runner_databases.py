"""Each way to a database that the installed Django and drivers know, measured for real."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django
import pytest

from conformance.environment.detect import detect_environment
from conformance.results import read_folder
from tests.conformance.commands import conform

ONE = ["--profile", "smoke", "--only", "queryset.acount:result", "--only", "queryset.aiter:result"]


@pytest.mark.parametrize(
    ("settings", "axes"),
    [
        ("sqlite", {"variant": "file"}),
        ("sqlite_memory", {"variant": "memory"}),
        ("sqlite_wal", {"variant": "wal"}),
        ("postgresql", {"driver": "psycopg", "pooled": False, "server_side_binding": False}),
        ("postgresql_pool", {"driver": "psycopg", "pooled": True, "server_side_binding": False}),
        ("postgresql_server_side_binding", {"driver": "psycopg", "pooled": False, "server_side_binding": True}),
        ("mariadb", {"driver": "PyMySQL", "pooled": False}),
    ],
)
def test_a_way_to_a_database_is_measured_and_told_apart(settings: str, axes: dict[str, Any], tmp_path: Path) -> None:
    """Its cells pass, its environment says how it was reached, and nothing is left on the disk."""
    if django.VERSION < (5, 1) and settings in ("sqlite_wal", "postgresql_pool"):
        pytest.skip("Django 5.1 began to know it")
    (tmp_path / "work").mkdir()
    (tmp_path / "tmp").mkdir()
    ended = conform(
        *("run", *ONE, "--settings", f"sample_app.settings.{settings}", "--results", str(tmp_path / "results")),
        cwd=tmp_path / "work",
        TMPDIR=str(tmp_path / "tmp"),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (results,) = read_folder(tmp_path / "results")
    assert {str(results.verdict(cell)) for cell in results.planned} == {"pass"}
    assert {name: results.environment.as_dict()[name] for name in axes} == axes
    assert not [*(tmp_path / "work").iterdir(), *(tmp_path / "tmp").iterdir()]


@pytest.mark.parametrize(
    ("vendor", "attributes", "version"),
    [
        ("postgresql", {"pg_version": 150_020}, "15.20"),
        ("mysql", {"mysql_version": (10, 11, 19), "mysql_is_mariadb": True}, "10.11.19"),
        ("sqlite", {"Database": SimpleNamespace(sqlite_version_info=(3, 40, 1))}, "3.40.1"),
    ],
)
def test_a_django_before_4_2_is_asked_in_its_own_way(vendor: str, attributes: dict[str, Any], version: str) -> None:
    """`get_database_version` came with 4.2; each backend had a name of its own."""
    made_by_driver = type("Connection", (), {"__module__": "sqlite3"})()
    connection: Any = SimpleNamespace(
        vendor=vendor,
        settings_dict={"OPTIONS": {}, "CONN_MAX_AGE": 0, "NAME": "x"},
        ensure_connection=lambda: None,
        connection=made_by_driver,
        is_in_memory_db=lambda: True,
        **attributes,
    )
    assert detect_environment(connection, "asyncio.run").server_version == version


def test_a_cursor_that_the_server_keeps_is_left_behind(tmp_path: Path) -> None:
    """Where an iteration is left and its cursor stays open on PostgreSQL, the judge of leftovers names the alias."""
    ended = conform(
        *("run", "--profile", "smoke", "--only", "queryset.aiterator.early_stop:leftovers"),
        *("--defect", "queryset.aiterator.early_stop/cursor-left", "--settings", "sample_app.settings.postgresql"),
        *("--results", str(tmp_path)),
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (results,) = read_folder(tmp_path / "planted/queryset.aiterator.early_stop-cursor-left")
    (measured,) = results.cells
    assert measured.verdict == "fail"
    assert measured.failure is not None
    assert "cursors" in measured.failure.difference

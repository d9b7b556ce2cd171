"""Tests run against what users install: two distributions, each with its own packages and nothing else."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import conformance

ROOT = Path(__file__).parents[1]
PLUGIN, SUITE = "pytest_async_orm", "async_orm_conformance"
FOLDERS = {PLUGIN: ROOT, SUITE: ROOT / "conformance"}
PACKAGES = {PLUGIN: {"pytest_async_orm"}, SUITE: {"conformance", "sample_app"}}
URLS = {"Homepage", "Documentation", "Changelog", "Issues"}

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "zebra-shop"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["conformance", "sample_app"]
[tool.pytest.ini_options]
asyncio_default_fixture_loop_scope = "function"
"""
SETTINGS = """
SECRET_KEY = "s"
INSTALLED_APPS = ["django.contrib.contenttypes", "sample_app"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""
TESTS = """
import os
import conformance, sample_app
import pytest
import pytest_async_orm
from django.contrib.contenttypes.models import ContentType

def test_packages_are_our_own(pytestconfig):
    assert (conformance.OWNER, sample_app.OWNER) == ("zebra", "zebra")
    assert pytestconfig.pluginmanager.hasplugin("async_orm")
    assert os.path.dirname(os.path.dirname(pytest_async_orm.__file__)) == os.environ["PLUGIN_FROM"]

@pytest.mark.asyncio
@pytest.mark.django_db
async def test_the_plugin_works(async_assert_num_queries):
    async with async_assert_num_queries(1):
        await ContentType.objects.acount()
"""


def build(kind: str, source: Path, target: Path) -> Path:
    """Call the hook `build_{kind}` of the project's build backend, as installers do; the file that it wrote."""
    target.mkdir(parents=True, exist_ok=True)
    code = f"import sys; from hatchling.build import build_{kind} as build; print(build(sys.argv[1]))"
    ended = subprocess.run(
        [sys.executable, "-c", code, str(target)], cwd=source, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return target / ended.stdout.splitlines()[-1]


def names_in(wheel: Path) -> set[str]:
    """The files of a wheel without its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def metadata_of(wheel: Path) -> Message:
    """What the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def requirements_of(wheel: Path) -> dict[str, Requirement]:
    """What is installed with the wheel, extras left out, by name."""
    found = map(Requirement, metadata_of(wheel).get_all("Requires-Dist", []))
    return {each.name: each for each in found if "extra" not in str(each.marker)}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheels")
    return {name: build("wheel", source, folder) for name, source in FOLDERS.items()}


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
@pytest.mark.parametrize("name", ["conformance", "pytest_async_orm", "sample_app"])
def test_packages_come_from_the_wheel(name: str) -> None:
    """No package is imported from the checkout that the tests stand in, and each one says that it is typed."""
    origin = Path(str(importlib.import_module(name).__file__)).parent
    assert origin.parent.name == "site-packages", f"{name} comes from {origin}"
    assert origin.parent != ROOT
    assert (origin / "py.typed").is_file()


@pytest.mark.parametrize(
    ("name", "group", "entry"),
    [(PLUGIN, "pytest11", "async_orm"), (SUITE, "console_scripts", "async-orm-conformance")],
)
def test_entry_points_can_be_loaded(name: str, group: str, entry: str) -> None:
    """What a distribution registers is there, and each registers one thing."""
    (found,) = distribution(name).entry_points
    assert (found.group, found.name) == (group, entry)
    assert found.load()


def imports_of(package: Path) -> set[str]:
    """The first name of whatever a package's modules import, at their top or later."""
    found: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_a_wheel_holds_its_packages_whole_and_nothing_else(name: str, wheels: dict[str, Path]) -> None:
    """Every file of the packages, and of the project's own files none but the licence, below the metadata."""
    project = {"pyproject.toml", "README.md", "LICENSE", ".hatch"}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES[name]
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not project & set(path.parts)
    }
    assert names_in(wheels[name]) == wanted
    with zipfile.ZipFile(wheels[name]) as archive:
        assert [each for each in archive.namelist() if each.endswith("/licenses/LICENSE")]


@pytest.mark.parametrize("name", FOLDERS)
def test_an_sdist_builds_the_same_wheel(name: str, wheels: dict[str, Path], tmp_path: Path) -> None:
    """Byte for byte, with nothing around it but the sdist."""
    sdist = build("sdist", FOLDERS[name], tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert build("wheel", unpacked, tmp_path).read_bytes() == wheels[name].read_bytes()


def test_the_plugin_needs_five_distributions(wheels: dict[str, Path]) -> None:
    """Django, asgiref, pytest, pytest-django and the SQL lexer of Django's own; no extra adds another."""
    assert set(requirements_of(wheels[PLUGIN])) == {"asgiref", "django", "pytest", "pytest-django", "sqlparse"}
    assert metadata_of(wheels[PLUGIN])["Provides-Extra"] is None


def test_the_plugin_asks_for_what_it_imports(wheels: dict[str, Path]) -> None:
    """Whatever it imports is of the standard library, declared, or a driver whose connection it was just given."""
    declared = {name.replace("-", "_") for name in requirements_of(wheels[PLUGIN])}
    drivers = {"psycopg"}
    undeclared = imports_of(ROOT / PLUGIN) - sys.stdlib_module_names - declared - drivers - {PLUGIN}
    assert not undeclared, f"imported, but not asked for in pyproject.toml: {', '.join(sorted(undeclared))}"
    assert imports_of(ROOT / PLUGIN) >= declared | drivers, "asked for, but not imported"


def test_the_suite_stands_alone(wheels: dict[str, Path]) -> None:
    """It needs no plugin of ours, has an extra for each driver, and agrees with the plugin on what both need."""
    plugin, suite = (requirements_of(wheels[name]) for name in (PLUGIN, SUITE))
    assert "pytest-async-orm" not in suite
    extras = set(metadata_of(wheels[SUITE]).get_all("Provides-Extra", []))
    assert extras == {
        *("mariadb", "mysqlclient", "postgresql", "postgresql-embedded", "postgresql-pool", "psycopg2"),
    }
    assert {name: plugin[name].specifier for name in plugin.keys() & suite.keys()} == {
        name: suite[name].specifier for name in plugin.keys() & suite.keys()
    }


@pytest.mark.parametrize("name", FOLDERS)
def test_both_say_who_they_are(name: str, wheels: dict[str, Path]) -> None:
    """The same version and licence, and links that lead to the project."""
    metadata = metadata_of(wheels[name])
    assert metadata["Version"] == conformance.__version__
    assert metadata["License-Expression"] == "MIT"
    links = dict(link.split(", ") for link in metadata.get_all("Project-URL", []))
    assert set(links) == URLS
    for link in links.values():
        assert link.startswith("https://github.com/pytest-async-orm/pytest-async-orm")
    assert (FOLDERS[name] / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """The site-packages of a new environment, which has all that is installed here but our own distributions."""
    venv.create(tmp_path / "environment")
    (site_packages,) = _site_packages(tmp_path / "environment")
    ours = tuple(PACKAGES) + tuple(name for names in PACKAGES.values() for name in names)
    for path in Path(pytest.__file__).parents[1].iterdir():
        if not path.name.startswith(ours) and path.suffix != ".pth":
            (site_packages / path.name).symlink_to(path)
    return site_packages


def _site_packages(folder: Path) -> Iterator[Path]:
    yield from folder.glob("lib/python*/site-packages")
    yield from folder.glob("Lib/site-packages")


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_a_project_keeps_its_own_packages(kind: str, environment: Path, tmp_path: Path) -> None:
    """With the plugin installed, a project's `sample_app` and `conformance` are its own, and the plugin works."""
    project = tmp_path / "project"
    files = {"pyproject.toml": PROJECT, "conformance/__init__.py": 'OWNER = "zebra"\n', "tests/test_own.py": TESTS}
    files |= {"sample_app/__init__.py": 'OWNER = "zebra"\n', "sample_app/settings.py": SETTINGS}
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    # By their names the plugin comes before the project.
    for built in (build(kind, ROOT, tmp_path / "built"), build("editable", project, tmp_path / "built")):
        with zipfile.ZipFile(built) as archive:
            archive.extractall(environment)
    python = next(path for path in environment.parents if path.name == "environment") / "bin/python"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "DJANGO"))}
    ended = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:randomly", "--rootdir", str(project), str(project / "tests")],
        cwd=environment,  # the working directory is on the path: one that holds no other package
        env={
            **kept,
            "DJANGO_SETTINGS_MODULE": "sample_app.settings",
            "PLUGIN_FROM": str(ROOT if kind == "editable" else environment),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout

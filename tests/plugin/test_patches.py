"""What the plugin replaces of other people's code: declared, installed once, and taken out again."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_async_orm.patches.mechanism import Patches, Target
from pytest_async_orm.patches.process import PROCESS, Process
from pytest_async_orm.patches.targets import TARGETS

HERE = Path(__file__).resolve().parent


class Victim:
    """Somebody else's class."""

    def method(self) -> str:
        """What is replaced."""
        return "original"

    @classmethod
    def of_class(cls) -> str:
        """What is replaced for every subclass."""
        return cls.__name__


METHOD = Target(f"{__name__}:Victim", "method", "here", "no pin")
OF_CLASS = Target(f"{__name__}:Victim", "of_class", "here", "no pin")
ADDED = Target(f"{__name__}:Victim", "added", "nowhere", "no pin")


def louder(original):
    """A replacement that calls the original."""
    return lambda self: original(self).upper()


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Targets are found by the name of their module."""
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__, SimpleNamespace(Victim=Victim)))


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_target_is_pinned(target: Target) -> None:
    """Each target says where it was seen, and names a test of test_privates_*.py."""
    assert any(character.isdigit() for character in target.seen)
    assert any(f"def {target.pin}(" in path.read_text("utf-8") for path in HERE.glob("test_privates_*.py"))


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_target_is_there(target: Target) -> None:
    """The owner of each target can be found, if its package is installed."""
    try:
        owner = target.find_owner()
    except ImportError:
        assert not target.owner.startswith(("django.", "asgiref.", "asyncio.", "threading:", "warnings:"))
        pytest.skip(f"{target.owner} is not installed")
    assert owner is not None


def test_installed_once_and_removed() -> None:
    """A second installation changes nothing; the removal puts the very object back that was there."""
    before = vars(Victim)["method"]
    patches = Patches()
    mark = patches.mark()
    for _ in range(2):
        patches.install(METHOD, louder)
    assert Victim().method() == "ORIGINAL"
    assert patches.targets == [METHOD]
    patches.remove_since(mark)
    assert vars(Victim)["method"] is before
    assert patches.targets == []


def test_class_methods_stay_class_methods() -> None:
    """The replacement of a class method is given the class that it is called on."""

    class Heir(Victim):
        """A subclass."""

    before = vars(Victim)["of_class"]
    patches = Patches()
    mark = patches.mark()
    patches.install(OF_CLASS, louder)
    assert (Heir.of_class(), Heir().of_class()) == ("HEIR", "HEIR")
    patches.remove_since(mark)
    assert vars(Victim)["of_class"] is before


def test_what_was_not_there_is_deleted() -> None:
    """A method that the owner does not have is gone after the removal."""
    patches = Patches()
    mark = patches.mark()
    patches.install(ADDED, lambda _: lambda self: "added")
    assert Victim().added() == "added"
    patches.remove_since(mark)
    assert not hasattr(Victim, "added")


def test_replacements_of_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody else has put on top is not taken out with the plugin's."""
    monkeypatch.setattr(Victim, "method", Victim.method)
    patches = Patches()
    mark = patches.mark()
    patches.install(METHOD, louder)
    beneath = Victim.method
    theirs = lambda self: f"{beneath(self)}!"  # noqa: E731
    Victim.method = theirs
    patches.remove_since(mark)
    assert Victim.method is theirs
    assert Victim().method() == "ORIGINAL!"


def test_sessions_nest() -> None:
    """An inner session begins with nothing, removes what it has installed, and gives the outer one its state back."""
    process = Process()
    outer = process.begin()
    process.test, process.noting = "outer", True
    ledger = process.one(dict)
    process.patches.install(METHOD, louder)
    inner = process.begin()
    assert (process.test, process.noting) == (None, False)
    assert process.one(dict) is not ledger
    process.patches.install(METHOD, louder)
    process.patches.install(ADDED, lambda _: lambda self: "added")
    process.end(inner)
    assert (process.test, process.noting, process.one(dict)) == ("outer", True, ledger)
    assert process.patches.targets == [METHOD]
    process.end(outer)
    process.end(outer)
    assert process.patches.targets == []
    assert Victim().method() == "original"


def test_an_outer_session_may_end_first() -> None:
    """The end of an outer session ends those that it holds."""
    process = Process()
    outer = process.begin()
    inner = process.begin()
    process.patches.install(METHOD, louder)
    process.end(outer)
    process.end(inner)
    assert Victim().method() == "original"


SUITE = """
import asyncio, threading
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from pytest_async_orm import assert_num_queries
from sample_app.models import Tag

@pytest.mark.django_db
async def test_isolated():
    with assert_num_queries(1):
        await Tag.objects.acount()

@pytest.mark.django_db(transaction=True)
async def test_real():
    await Tag.objects.acount()
"""

SESSIONS = """
import asyncio, sys, threading, warnings
import pytest
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.patches.targets import TARGETS

def looks():
    found = {}
    for target in TARGETS:
        try:
            owner = target.find_owner()
        except ImportError:
            continue
        found[str(target)] = vars(owner).get(target.name)
    return found

def receivers():
    from django.db.backends.signals import connection_created
    return len(connection_created.receivers)

arguments = ["-q", "-p", "no:cacheprovider", "--nomigrations", *sys.argv[1:]]
"""

TWICE = """
import django
before, listening = looks(), receivers()
for _ in range(2):
    assert pytest.main(arguments) == 0
    assert looks() == before
    assert receivers() == listening
    assert PROCESS.patches.targets == []
print("nothing left")
"""

INSIDE = """
import os
from django.test.utils import setup_test_environment, teardown_test_environment
pytest_plugins = ["pytester"]

def test_inside(pytester, django_db_blocker):
    from pytest_async_orm.recording.recording import Recording
    from pytest_async_orm.recording.watch import Watch
    recording = Recording()
    recording.open()
    before, listening, watch = looks(), receivers(), PROCESS.one(Watch)
    # Neither Django's state of a session nests, nor pytest-django's guard.
    teardown_test_environment()
    pytester.makepyfile(test_inner=os.environ["INNER"])
    pytester.makeini(os.environ["INI"])
    with django_db_blocker.unblock():
        result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", "--nomigrations")
    setup_test_environment()
    result.assert_outcomes(passed=2)
    assert looks() == before
    assert receivers() == listening
    assert PROCESS.one(Watch) is watch
    assert PROCESS.recordings == 1
    recording.close()
"""

INI = """[pytest]
DJANGO_SETTINGS_MODULE = natural_settings
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner_environment: None):
    """Run a Python in a folder with a suite."""
    (tmp_path / "pytest.ini").write_text(INI, "utf-8")
    (tmp_path / "test_suite.py").write_text(SUITE, "utf-8")
    monkeypatch.setenv("INNER", SUITE)
    monkeypatch.setenv("INI", INI)

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )

    return call


@pytest.mark.slow
def test_two_sessions_in_one_process(python, tmp_path: Path) -> None:
    """After each of two sessions in one process every attribute that was replaced is the one that was there before."""
    (tmp_path / "sessions.py").write_text(textwrap.dedent(SESSIONS + TWICE), "utf-8")
    ended = python("sessions.py", "test_suite.py", "-p", "no:randomly")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.rstrip().endswith("nothing left")


@pytest.mark.slow
def test_a_session_inside_a_session(python, tmp_path: Path) -> None:
    """After a session inside a test everything is as it was: what the outer one has replaced, its state and its own."""
    (tmp_path / "test_outer.py").write_text(textwrap.dedent(SESSIONS + INSIDE), "utf-8")
    ended = python("-m", "pytest", "-q", "test_outer.py", "-p", "no:randomly", "-p", "no:cacheprovider")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.slow
def test_what_is_replaced_is_listed(python) -> None:
    """`--trace-config` says at the end what was replaced while the session ran."""
    ended = python("-m", "pytest", "-q", "--trace-config", "--nomigrations", "-p", "no:cacheprovider", "test_suite.py")
    assert "async ORM: replaced while it ran: " in ended.stdout
    assert "concurrent.futures.thread.ThreadPoolExecutor.submit" in ended.stdout


def test_the_process_of_this_session() -> None:
    """The session keeps the process in its stash, and what it has replaced is known there."""
    assert all(isinstance(target, Target) for target in PROCESS.patches.targets)

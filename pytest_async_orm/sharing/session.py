"""The session of a shared connection: whose settings are set at the moment, and what the others have set.

What a statement names as a setting is read once before anybody sets it. From then on a connection that has the turn has
its own settings, and the database alone says what has become of them: they are read when the turn passes to another
connection, which has its own restored, as far as they differ. Until a statement sets anything there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_async_orm.drivers.dialect import Dialect
from pytest_async_orm.drivers.kept_things import Thing
from pytest_async_orm.drivers.session_settings import Values, settings_of
from pytest_async_orm.drivers.set_statements import Setting
from pytest_async_orm.drivers.traces import TRACERS, Trace
from pytest_async_orm.sharing.kept_apart import Things

_UNKNOWN = object()


class Kept:
    """The settings of one connection."""

    def __init__(self) -> None:
        self.values: Values = {}
        """As they were when the turn passed on."""
        self.hidden: Values = {}
        """What comes back with the end of the transaction: the values that local ones hide."""
        # What was hidden at each savepoint.
        self._marks: list[tuple[str, Values]] = []

    def note(self, settings: list[Setting], before: Values) -> None:
        """Settings were set, each of which had a value before."""
        for setting in settings:
            if not setting.local:
                self.hidden.pop(setting.name, None)
            elif setting.name in before:
                self.hidden.setdefault(setting.name, before[setting.name])

    def follow(self, control: str, name: str) -> None:
        """A savepoint was set, or released, or rolled back to. One that is not known is older than any setting."""
        if control == "SAVEPOINT":
            self._marks.append((name, dict(self.hidden)))
            return
        number = max((number for number, mark in enumerate(self._marks) if mark[0] == name), default=-1)
        if control == "ROLLBACK":
            self.hidden = dict(self._marks[number][1]) if number >= 0 else {}
            number += 1
        if number >= 0:
            del self._marks[number:]

    def end_transaction(self) -> None:
        """Forget what ends with it."""
        self.hidden.clear()
        self._marks.clear()


class SharedSession:
    """Whose settings are set at the moment, what was set before anybody's, and what only one connection may see."""

    def __init__(self, vendor: str, dialect: Dialect) -> None:
        self.touched = False
        """Whether anybody has set or made anything: if not, there is nothing to do."""
        self.things = Things(vendor, dialect)
        self._settings = settings_of(vendor, dialect)
        self._dialect = dialect
        self._tracer = TRACERS[vendor]
        self._first: Values = {}
        # What is set, as far as it was read, and for whom.
        self._now: Values = {}
        self._active: Kept | None = None
        # Whether the active connection may have set something since, and even what it has not named.
        self._stale = self._unnamed = False

    def go_on(self, earlier: SharedSession, before: Any, user: Any) -> None:
        """What was set and made in the session before it was shared is a user's, whatever of it is still there."""
        self._first, self._active = dict(earlier._first), user.kept
        self._stale, self._unnamed = True, earlier._unnamed
        self.things.go_on(earlier.things, before, user)
        self.touched = earlier.touched

    def trace_of(self, what: object) -> Trace | None:
        """What a statement may leave behind; None for nearly all."""
        if isinstance(what, str):
            return self._tracer(what)
        text = self._dialect.text_of(what)
        return self._tracer(text) if text else None

    def switch_to(self, kept: Kept) -> bool:
        """Restore a connection's settings, if others are set; whether anything was sent. Raises the driver's error."""
        if self._active is kept:
            return False
        if self._stale:
            self._read(self._active)
        wanted = {**self._first, **kept.values}
        differing = [name for name, value in wanted.items() if not _same(self._now.get(name, _UNKNOWN), value)]
        self._active = kept
        if differing:
            self._restore({name: wanted[name] for name in self._settings.together(differing) if name in wanted})
        return bool(differing)

    def _restore(self, values: Values) -> None:
        self._now |= values
        try:
            self._settings.restore(values)
        except Exception:
            # Where a failure spoils nothing, one setting that cannot be set again is no reason to stop a test.
            if self._settings.rolls_back:
                raise

    def _read(self, kept: Kept | None) -> None:
        """Ask what is set, which is what a connection has set."""
        if self._unnamed:
            self._add({name: without for name, (_, without) in self._settings.ask_changed().items()})
        self._now = self._settings.ask(self._first)
        self._stale = self._unnamed = False
        if kept is not None:
            kept.values = dict(self._now)

    def _add(self, values: Values) -> None:
        self._first = {**values, **self._first}
        self.touched |= bool(values)

    def run(self, user: Any, trace: Trace, params: Any, call: Callable[[], Any]) -> Any:
        """Run a statement of a lease, and note what it may set and make."""
        settings = trace.settings(params)
        before = self._before(user.kept, settings, trace)
        result = call()
        user.kept.note(settings, before)
        if trace.savepoint is not None and self.touched:
            self._follow(user.kept, *trace.savepoint)
        if user.kept.hidden and self._settings.rolls_back and not user.keeps_local:
            self._reveal(user.kept)
        self.touched |= self.things.learn(user, trace, params)
        return result

    def _follow(self, kept: Kept, control: str, name: str) -> None:
        kept.follow(control, name)
        if control == "ROLLBACK":
            self.roll_back()

    def _before(self, kept: Kept, settings: list[Setting], trace: Trace) -> Values:
        """Read what is about to be set for the first time, and what is about to be hidden."""
        if not settings and not trace.resets_all:
            return {}
        asked = [s.name for s in settings if s.name not in self._first or (s.local and s.name not in kept.hidden)]
        before = self._settings.ask(dict.fromkeys(asked)) if asked else {}
        self._add(before)
        if trace.resets_all:
            self._add({name: value for name, (value, _) in self._settings.ask_changed().items()})
        self._active, self._stale, self._unnamed = kept, True, self._unnamed or trace.resets_all
        return before

    def _reveal(self, kept: Kept) -> None:
        """A transaction is over: what it hid is back with the next statement."""
        self._read(kept)
        kept.values |= kept.hidden
        kept.hidden.clear()
        self._active = None

    def setting_of(self, kept: Kept, name: str) -> Any:
        """What a connection has set, as far as it is known without asking; None if it is not."""
        if name not in self._first or (self._active is kept and self._stale):
            return None
        return kept.values.get(name, self._first[name])

    def seen_by(self, user: Any, what: object, params: Any) -> tuple[Thing, Any] | None:
        """What another connection has and a statement would see, and whose it is; None if there is none."""
        if not self.things:
            return None
        text = self._dialect.text_of(what)
        return self.things.foreign(user, text, self._tracer(text), params)

    def end(self, user: Any, *, commit: bool) -> None:
        """A transaction has ended."""
        if not self.touched:
            return
        if user.kept.hidden and (commit or not self._settings.rolls_back):
            self._reveal(user.kept)
        user.kept.end_transaction()
        self.things.end_transaction(user)

    def close(self, user: Any) -> None:
        """A connection was closed, by a thread that may not have the turn: what it has set and made is gone."""
        if self.touched:
            user.kept = Kept()
            self.things.end_session(user)

    def roll_back(self) -> None:
        """The database may have taken back what was read already."""
        self._stale = True

    def finish(self, user: Any = None) -> None:
        """Leave the session with a user's settings and things; None: as it was at first. Raises the driver's error."""
        if not self.touched:
            return
        if user is not None or not self._settings.rolls_back:
            self.switch_to(Kept() if user is None else user.kept)
        self.things.drop_all_but(user)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)

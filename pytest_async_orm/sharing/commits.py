"""What a database checks at a commit, which in a test never comes: checked where the application's own would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_async_orm.drivers.statements import concerns_commit, defines, leaves_rows

if TYPE_CHECKING:
    from pytest_async_orm.sharing.shared_connection import SharedConnection


class Commits:
    """The commits of the application on one shared connection. Foreign keys wait for them on PostgreSQL and SQLite, and
    on PostgreSQL whatever else is deferred.
    """

    def __init__(self, shared: SharedConnection, *, checked: bool | None = None) -> None:
        """`checked`: False where not all that waits is the application's own; None if the database decides."""
        self._shared = shared
        self._checked = checked
        # Whether the statement in autocommit that is under way has anything to be checked.
        self._concerned = False

    @property
    def checked(self) -> bool:
        """Whether each commit checks what has waited for it."""
        return self.get_ready()

    def get_ready(self) -> bool:
        """Ask the database, before the application's first statement; returns `checked`."""
        if self._checked is None:
            self._checked = self._shared.dialect.can_check_commits()
        return self._checked

    def note(self, what: object) -> None:
        """After a statement: it may have defined what is checked."""
        dialect = self._shared.dialect
        if dialect.checks_at_commit and defines(dialect.text_of(what)):
            dialect.note_definition()

    def begin_autocommit(self, what: object) -> bool:
        """Before a statement in autocommit: whether there is anything to check, and perhaps to undo, after it."""
        text = self._shared.dialect.text_of(what)
        self._concerned = concerns_commit(text) and self.checked
        if not self._concerned and self._shared.dialect.turns_keys_off(text):
            self.give_up()
        return self._concerned

    def give_up(self) -> None:
        """Check nothing any more: the statement that begins could not be undone, so that what it leaves would be held
        against a later one; or SQLite was told to interrupt statements, and would roll back the test at ours; or to
        check nothing, which it does not obey within the test's transaction.
        """
        self._concerned = self._checked = False

    def end_autocommit(self, what: object) -> bool:
        """After a statement in autocommit: check what its commit would have, and undo it where that fails. Returns
        whether what was done survives a later failure. Raises the driver's error.
        """
        if not self._concerned:
            return False
        shared = self._shared
        # What is one message more to SQLite comes in the same to a server.
        then = shared.let_stand() if shared.dialect.failure_spoils else ()
        try:
            shared.dialect.check_as_commit(*then)
        except BaseException:
            shared.undo(what)
            raise
        return bool(then)

    def release(self, savepoint: str) -> None:
        """Commit a transaction, which is a savepoint. Raises the driver's error where a check fails."""
        release = f"RELEASE SAVEPOINT {savepoint}"
        if self.checked:
            self._shared.dialect.check_as_commit(release)
        else:
            self._shared.dialect.send(release)

    def check_before(self, what: object) -> bool:
        """Before a transaction's first definition check what was committed before it, as those commits would have.

        Returns whether that holds for its next statement too: once it may have written rows they hinder it, as in
        production, and nothing is checked.
        """
        text = self._shared.dialect.text_of(what)
        if defines(text):
            self.check_earlier(autocommit=False)
            return False
        return leaves_rows(text)

    def check_earlier(self, *, autocommit: bool) -> None:
        """Check what the application has committed unchecked, before what it would hinder. Raises the driver's error
        where a check fails.
        """
        shared = self._shared
        if not autocommit:
            shared.dialect.check_as_commit()
            return
        shared.protect("SET CONSTRAINTS")
        try:
            shared.dialect.check_as_commit()
        except BaseException:
            shared.failed("SET CONSTRAINTS", autocommit=True)
            raise
        shared.succeeded("SET CONSTRAINTS", autocommit=False)
        shared.protect("SET CONSTRAINTS")

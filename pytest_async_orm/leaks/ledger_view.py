"""What the fixture `connection_ledger` gives a test to look at."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_async_orm import arguments
from pytest_async_orm.leaks.census import take_census
from pytest_async_orm.leaks.found import leak_of
from pytest_async_orm.leaks.kinds import kind_of
from pytest_async_orm.leaks.ledger import Ledger
from pytest_async_orm.patches.process import PROCESS
from pytest_async_orm.records import Census, ConnectionRecord, Leak


class ConnectionLedger:
    """The connections of this process, as facts of the moment at which they are asked for."""

    def __init__(self, test: str) -> None:
        self.test = test

    @property
    def records(self) -> list[ConnectionRecord]:
        """All that are kept, oldest first: open ones, and the newest 2,000 that were closed."""
        return PROCESS.one(Ledger).records()

    @property
    def of_test(self) -> list[ConnectionRecord]:
        """Those that this test opened, on any thread."""
        return [record for record in self.records if record.opened_by == self.test]

    @property
    def open(self) -> list[ConnectionRecord]:
        """Those of this test that are open and that neither the plugin nor asgiref owns."""
        return [record for record in self.of_test if record.closed_at is None and not record.owned]

    @property
    def leaks(self) -> list[Leak]:
        """What would be judged a leak if the test ended now: connections that it has not closed yet among them."""
        mine = [
            opened for opened in PROCESS.one(Ledger).connections() if opened.test == self.test and not opened.reported
        ]
        return [leak_of(opened, kind) for opened in mine if (kind := kind_of(opened)) is not None]

    def census(self, aliases: Iterable[str] | None = None) -> list[Census]:
        """What each database's server says, beside the ledger; call it on a thread, not on the event loop's.

        Raises TypeError for what is no list of aliases, ValueError for an alias that the settings do not have.
        """
        return take_census(None if aliases is None else arguments.listed_aliases(aliases))

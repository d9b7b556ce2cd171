"""What the end of a sandbox found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_async_orm.records import Leftover


class SandboxEnd:
    """Filled in while a sandbox ends; every test makes one, most of them stay empty."""

    def __init__(self) -> None:
        self.leftovers: list[Leftover] = []
        self.lost: list[str] = []
        """One message for each alias whose transaction is gone."""
        self.committed: list[str] = []
        """The aliases whose rows may have been committed."""

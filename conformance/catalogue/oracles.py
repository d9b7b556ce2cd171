"""How a check knows what is right, in words."""

from __future__ import annotations

ORACLES = {
    "sync-twin": "the same call on the same rows through the synchronous API",
    "sql-equality": "the statements that the synchronous call sends, in their order",
    "model": "a reference written without Django, which says what has to come out",
    "observer": "another connection, opened outside of the code under test, which sees what is committed",
    "server": "what the database server or the system says of its sessions, cursors and files",
    "metamorphic": "another call whose outcome has a known relation to this one's",
    "instrumentation": "instruments around the call: threads, tasks, statements, signals, connections",
}

"""The situations that a workaround is put to: a name for people, and what happens there. What any check asks."""

from __future__ import annotations

from conformance.catalogue.judges import JUDGES
from conformance.catalogue.model import CatalogueEntry

SITUATIONS = {
    "alone": ("Used alone", "One use, in a coroutine; it returns, and all of its rows are committed."),
    "rollback": ("Must roll back", "One use that raises in the end: none of its rows is committed."),
    "request": ("In a request", "One use, in an asynchronous view."),
    "async_to_sync": ("Under `async_to_sync`", "One use, in a coroutine that synchronous code runs."),
    "overlap": ("Two at a time", "A second use begins in the middle of the first, and ends after it."),
    "overlap_in_request": ("Two at a time in a request", "The same, in one asynchronous view."),
    "bystander": (
        "A bystander writes",
        "In the middle of a use another task writes without it: its rows stay, whatever the use does.",
    ),
    "cancelled_before": ("Cancelled before", "The task is cancelled before its first statement."),
    "cancelled": ("Cancelled in the middle", "The task is cancelled between two of its statements."),
    "cancelled_waiting": ("Cancelled while it waits", "The task is cancelled while it waits for the ORM's thread."),
    "late": (
        "Effect after the cancellation",
        "Whether a cancelled use takes effect after its caller was told. Django's own `acreate` does: it is no fault.",
    ),
    "left_behind": ("What is left behind", "Connections that are open after some requests."),
    "statuses": ("Status of the response", "A good body, one without a key, and one that is no JSON."),
    "lists": ("The list", "A GET gives every post."),
    "overview": ("The page", "Every post with its author and comments, statistics, and views added."),
    "statistics": ("Statistics", "Gathered for many posts; what is missing is left out."),
    "bounded": ("Number of queries", "It does not grow with the number of posts."),
    "increment": ("Increments", "Several at a time: none is lost."),
    "closes": ("Closes old connections", "The old connection of the thread that the ORM runs on is closed."),
    "ensures": ("Connects", "The thread that the ORM runs on is connected, and no other."),
    "counts": ("Counts queries", "Every query that was sent is counted."),
    "accepted": ("Accepted", "The database accepts the setting."),
    "left_open": ("Connections left open", "None, after requests that have ended."),
}


def situation_of(check: str) -> tuple[str, str]:
    """The name of a check for people, and what happens in it; its own name where nothing more is known."""
    return SITUATIONS.get(check, (check.replace("_", " "), ""))


# Checks of their own of entries that are neither operations nor workarounds.
_OWN = {
    "refuses": "Is it refused by the documented exception, before any statement is sent?",
    "sql": "Are the statements those that are promised, or claimed?",
    "overlap": "Are two statements under way at one time?",
}


def asked_by(entry: CatalogueEntry, check: str) -> str:
    """What a check of this entry asks, or what happens in it; empty where its title is all that there is to say.

    A check of one name may ask another thing of another kind of entry.
    """
    if entry.subject == "workaround" and entry.judged is None:
        return situation_of(check)[1]
    if check in JUDGES:
        return JUDGES[check].asks
    return "" if entry.subject == "operation" else _OWN.get(check, "")

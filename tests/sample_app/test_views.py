"""Every view, through Django's async client and over HTTP; what it did, seen by an observer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from observer import Observer
from ways import Send, send_in_process, send_over_http

UNICODE = "Žluťoučký 🐎 \u202e العربية 漢字 'quoted' \"%s\" \\"


@pytest.fixture(params=["client", "uvicorn"])
def send(request: pytest.FixtureRequest) -> Send:
    if request.param == "client":
        return send_in_process
    return send_over_http(request.getfixturevalue("served").url)


def make(send: Send, **fields: Any) -> int:
    answer = send("POST", "/posts/", {"title": "A", "content": "B", **fields})
    assert answer.status == 201, answer.content
    return answer.json["id"]


def test_creating_and_listing(send: Send, observer: Observer, users: list[int]) -> None:
    """POST answers 201 and commits the post with its comments; GET lists the newest first."""
    make(send, title="old")
    comments = [{"content": "c1", "author": users[1]}, {"content": "c2"}]
    make(send, title=UNICODE, content=UNICODE, author=users[0], published=True, comments=comments)
    assert observer.counts() == (2, 2)
    assert observer.value("SELECT title FROM sample_app_post ORDER BY id DESC") == UNICODE
    listed = send("GET", "/posts/").json["posts"]
    assert [(post["title"], post["comments"], post["author"]) for post in listed] == [
        (UNICODE, 2, "ada"),
        ("old", 0, None),
    ]
    assert len(send("GET", "/posts/?limit=1").json["posts"]) == 1


def test_one_post(send: Send, observer: Observer, users: list[int]) -> None:
    """GET gives the comments with their authors; PATCH changes what is named, and nothing else."""
    key = make(send, comments=[{"content": "c", "author": users[0]}, {"content": "d"}])
    changed = send("PATCH", f"/posts/{key}/", {"title": UNICODE, "published": True})
    assert changed.status == 200
    assert changed.json["title"] == UNICODE
    assert changed.json["content"] == "B"
    assert send("GET", f"/posts/{key}/").json == changed.json
    assert changed.json["comments"] == [{"content": "c", "author": "ada"}, {"content": "d", "author": None}]
    assert observer.rows("SELECT title, content FROM sample_app_post") == [(UNICODE, "B")]


def test_two_thousand_posts(send: Send, observer: Observer, users: list[int]) -> None:
    """Created in one request, transferred in another, listed in a third."""
    posts = [{"title": f"{number} {UNICODE}", "content": "x", "author": users[0]} for number in range(2000)]
    posts[7]["comments"] = [{"content": "c"}]
    created = send("POST", "/posts/bulk/", {"posts": posts})
    assert (created.status, created.json["created"], len(set(created.json["ids"]))) == (201, 2000, 2000)
    assert observer.counts() == (2000, 1)
    moved = send("POST", "/posts/transfer/", {"from_user": users[0], "to_user": users[1]})
    assert moved.json == {"from_user": "ada", "to_user": "grace", "count": 2000}
    assert observer.rows("SELECT author_id, COUNT(*) FROM sample_app_post GROUP BY author_id") == [(users[1], 2000)]
    listed = send("GET", "/posts/?limit=2000").json["posts"]
    assert {post["title"] for post in listed} == {post["title"] for post in posts}


def test_overview(send: Send, observer: Observer, users: list[int]) -> None:
    """Lists, gives statistics, and counts a view of what it listed, not of the rest."""
    old = make(send, title="old")
    comments = [{"content": "c", "author": users[0]}, {"content": "d", "author": users[0]}, {"content": "e"}]
    new = make(send, title="new", comments=comments)
    answer = send("GET", "/posts/overview/?limit=1").json
    assert (answer["counted"], [post["id"] for post in answer["posts"]]) == (1, [new])
    statistics = answer["statistics"][str(new)]
    assert (statistics["views"], statistics["comments"], statistics["commenters"]) == (1, 3, 1)
    assert dict(observer.rows("SELECT id, views FROM sample_app_post")) == {old: 0, new: 1}


def test_the_page(send: Send, users: list[int]) -> None:
    """HTML, escaped, newest first; and one that is empty says so."""
    assert b"Nothing yet" in send("GET", "/").content
    make(send, title="old")
    make(send, title="<b>new</b>", author=users[0], comments=[{"content": "c"}])
    answer = send("GET", "/")
    text = answer.content.decode()
    assert answer.headers["content-type"].startswith("text/html")
    assert text.index("&lt;b&gt;new&lt;/b&gt;") < text.index("old")
    assert "by ada" in text
    assert "(1 comment)" in text


def test_the_databases(send: Send) -> None:
    """Both are usable, with the vendor that the settings name."""
    found = send("GET", "/database/").json["databases"]
    assert {alias: (each["vendor"], each["usable"]) for alias, each in found.items()} == {
        "default": (connection.vendor, True),
        "other": (connection.vendor, True),
    }


MALFORMED = [b"", b"{", b"nonsense", b"[1, 2", b"\xff\xfe", b"[" * 100_000, b"9" * 5000]
GOOD = {"title": "a", "content": "b"}
BAD_POSTS = [
    [],
    None,
    "text",
    {},
    {"title": "a"},
    {"content": "a"},
    {**GOOD, "title": ""},
    {**GOOD, "title": "x" * 201},
    {**GOOD, "title": 1},
    {**GOOD, "content": ["b"]},
    {**GOOD, "content": "\0"},
    {**GOOD, "content": "\ud800"},
    {**GOOD, "published": "yes"},
    {**GOOD, "author": "1"},
    {**GOOD, "author": True},
    {**GOOD, "author": 0},
    {**GOOD, "author": 2**63},
    {**GOOD, "author": 2**62},
    {**GOOD, "comments": {}},
    {**GOOD, "comments": [1]},
    {**GOOD, "comments": [{}]},
    {**GOOD, "comments": [{"content": "c"}, {"content": "c", "author": 2**62}]},
]


def refused(send: Send, method: str, path: str, bodies: list[Any]) -> None:
    for body in bodies:
        answer = send(method, path, body)
        assert (answer.status, list(answer.json)) == (400, ["error"]), (
            body if body != MALFORMED[5] else "deep",
            answer,
        )


def test_bad_data_is_400_and_writes_nothing(send: Send, observer: Observer, users: list[int]) -> None:
    """Malformed JSON, missing keys, wrong types, unknown users: 400 with a body, and not even a part is written."""
    refused(send, "POST", "/posts/", [*MALFORMED, *BAD_POSTS])
    refused(send, "POST", "/posts/bulk/", [*MALFORMED, {}, {"posts": []}, {"posts": "a"}])
    refused(send, "POST", "/posts/bulk/", [{"posts": [GOOD, bad]} for bad in BAD_POSTS])
    assert observer.counts() == (0, 0)


def test_bad_transfers_are_400_and_move_nothing(send: Send, observer: Observer, users: list[int]) -> None:
    """Neither an unknown giver nor an unknown receiver changes a post."""
    make(send, author=users[0])
    ends = [({}, "from_user"), ({"from_user": users[0]}, "to_user")]
    for wrong in (None, "1", 1.5, True, -1, 2**63, 2**62, [users[1]]):
        ends += [({"from_user": wrong, "to_user": users[1]}, ""), ({"from_user": users[0], "to_user": wrong}, "")]
    refused(send, "POST", "/posts/transfer/", [*MALFORMED, *(body for body, _ in ends)])
    assert [send("POST", "/posts/transfer/", body).json["error"] for body, _ in ends[:2]] == [
        "from_user is missing",
        "to_user is missing",
    ]
    assert observer.rows("SELECT author_id FROM sample_app_post") == [(users[0],)]


def test_bad_changes_are_400_and_change_nothing(send: Send, observer: Observer) -> None:
    """A PATCH that is refused leaves the post as it was."""
    key = make(send)
    refused(
        send, "PATCH", f"/posts/{key}/", [*MALFORMED, {}, {"views": 7}, {"title": ""}, {"title": "a", "content": 1}]
    )
    assert observer.rows("SELECT title, content FROM sample_app_post") == [("A", "B")]


def test_a_bad_limit_is_400(send: Send) -> None:
    """A limit is a number from 1 on, and not too large."""
    for limit in ("", "0", "-1", "x", "1.5", "10001", "9" * 30, "²"):
        for path in ("/posts/", "/posts/overview/"):
            assert send("GET", f"{path}?limit={limit}").status == 400, limit


@pytest.mark.parametrize("key", [1, 2**62, 2**63, 10**40])
def test_an_unknown_post_is_404(send: Send, key: int) -> None:
    """Also one whose key no database can hold."""
    assert send("GET", f"/posts/{key}/").json == {"error": "not found"}
    assert send("PATCH", f"/posts/{key}/", {"title": "a"}).status == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/posts/", "GET, POST"),
        ("/posts/1/", "GET, PATCH"),
        ("/posts/bulk/", "POST"),
        ("/posts/transfer/", "POST"),
        ("/posts/overview/", "GET"),
        ("/database/", "GET"),
    ],
)
def test_another_method_is_405(send: Send, path: str, allowed: str) -> None:
    """With the allowed ones in the header, and a body."""
    answer = send("DELETE", path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.json == {"error": "method not allowed"}


def test_another_method_on_the_page_is_405(send: Send) -> None:
    """It is read alone; HEAD is GET without the body."""
    answer = send("POST", "/", GOOD)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert send("HEAD", "/").status == 200

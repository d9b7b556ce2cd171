"""Planted: a view asks the database on a thread of its own, and nobody closes the connection. See `test_leaks`."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from ways import send_in_process

from sample_app.models import Post


def test_a_view_that_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    @sync_to_async(thread_sensitive=False)
    def headlines(limit: int) -> list[Post]:
        return list(Post.objects.all()[:limit])

    monkeypatch.setattr("sample_app.views.newest_headlines", headlines)
    assert send_in_process("GET", "/posts/").status == 200

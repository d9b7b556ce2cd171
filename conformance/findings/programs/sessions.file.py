"""The asynchronous methods of the session engine `file` open and lock files on the event loop's thread."""

import asyncio
import sys
import tempfile
import threading

import django
from django.conf import settings

settings.configure(SESSION_FILE_PATH=tempfile.mkdtemp(), SECRET_KEY="secret")
django.setup()
from django.contrib.sessions.backends.file import SessionStore

LOOP = threading.get_ident()
seen: list[str] = []


def hear(event: str, args: tuple) -> None:
    if watching and event in ("open", "os.rename", "tempfile.mkstemp", "os.remove") and threading.get_ident() == LOOP:
        seen.append(event)


async def main() -> None:
    global watching
    session = SessionStore()
    watching = True
    await session.acreate()
    await session.asave()
    await session.aload()
    await session.adelete()
    watching = False


watching = False
sys.addaudithook(hear)
asyncio.run(main())
print("expected: on the event loop's thread: nothing")
print("observed: on the event loop's thread:", ", ".join(dict.fromkeys(seen)) or "nothing")

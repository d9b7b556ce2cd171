"""Where the function lets a `StopIteration` out, whoever awaits `sync_to_async()` waits for ever."""

import asyncio

from asgiref.sync import sync_to_async


def first():
    return next(iter([]))


def synchronous():
    try:
        first()
    except Exception:
        return "raises an exception"


async def asynchronous():
    # What cannot be handed over is told to the loop's handler, which by default only logs it.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    task = asyncio.ensure_future(sync_to_async(first, thread_sensitive=False)())
    await asyncio.wait([task], timeout=2)
    return "raises an exception" if task.done() else "still waits after two seconds"


print("sync: ", synchronous())
print("async:", asyncio.run(asynchronous()))

"""Programs with N+1 queries and without, as users write them; each says how many statements it sends."""

from n_plus_one_corpus import (
    batches,
    calls,
    counted,
    loaded,
    loops,
    methods,
    relations,
    repeated,
    reported,
    requests,
    tasks,
    test_bodies,
    threads,
    views,
)
from n_plus_one_corpus.program import PROGRAMS, Program

__all__ = [
    "PROGRAMS",
    "Program",
    "batches",
    "calls",
    "counted",
    "loaded",
    "loops",
    "methods",
    "relations",
    "repeated",
    "reported",
    "requests",
    "tasks",
    "test_bodies",
    "threads",
    "views",
]

"""The pytest plugin: hooks in the order in which pytest calls them, each a few lines that delegate.

Nothing is imported here that a run does not use, so that a suite without async database tests pays nothing.
"""

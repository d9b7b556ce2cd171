"""The text of every error and warning, made from plain facts, so that it can be tested by plain calls."""

"""Rollback isolation for a test, on any thread and in any task. Touches Django, never pytest."""

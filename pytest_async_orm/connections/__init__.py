"""The one place that knows private attributes of Django, its drivers, pytest-django and asgiref.

Imported by no other layer than the ones to its left, and only once a test uses a database: it imports Django.
"""

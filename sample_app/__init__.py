"""The Django project that the plugin's tests and the conformance suite share."""

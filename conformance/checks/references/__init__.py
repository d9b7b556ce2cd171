"""Reference models: what a cache, a session or a permission must answer, by dictionaries alone."""

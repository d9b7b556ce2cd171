"""Recording of queries, and what can be asked of a recording."""

"""Which line, task and thread did something, across every hand-over from one to another."""

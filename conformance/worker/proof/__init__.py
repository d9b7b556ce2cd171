"""The process that plants defects: it has imported everything, and forks a child for each of them."""

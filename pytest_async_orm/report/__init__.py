"""What is shown at the end of a session: a summary, a JSON file, a page. From workers it travels in test reports."""

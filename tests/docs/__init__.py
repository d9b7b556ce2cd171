"""What the README and the pages in `docs/` say is true."""

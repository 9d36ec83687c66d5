"""One suite over every adapter, against real servers."""

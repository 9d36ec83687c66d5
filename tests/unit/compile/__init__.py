"""The compiler, without servers."""

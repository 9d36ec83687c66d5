"""Meridian Supply: the invented company whose data the sandbox serves."""

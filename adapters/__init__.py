"""Databases and credentials: knows no language model, no Slack and no business word."""

"""A whole company on one machine: local Slack, dev Vault, real databases, demo data."""

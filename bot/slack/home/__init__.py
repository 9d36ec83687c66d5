"""The Home of the app: what is a person's own, and their settings."""

"""People: Slack, the command line and HTTP. Slack types end here."""

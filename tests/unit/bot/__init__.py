"""The bot, without Slack, sources or a model."""

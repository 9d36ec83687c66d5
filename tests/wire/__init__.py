"""The whole bot, through real Slack wire protocols."""

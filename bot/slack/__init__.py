"""Slack: what is said to the bot, and what it says. Slack types end here."""

"""Approvals in Slack: the card, who presses its buttons, and what is told when time passes.

A button bears the opaque id of a request and nothing else; only buttons decide, no words.
"""

from bot.slack.approval.desk import ApprovalDesk
from bot.slack.approval.people import SlackPeople

__all__ = ["ApprovalDesk", "SlackPeople"]

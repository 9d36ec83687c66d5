"""An answer in Slack: its message, table, chart and files, and how it reaches its thread."""

from bot.slack.answer.kept import KeptTables
from bot.slack.answer.post import post_answer, post_workbook
from bot.slack.answer.stream import Reader

__all__ = ["KeptTables", "Reader", "post_answer", "post_workbook"]

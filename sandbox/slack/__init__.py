"""A local Slack workspace that speaks Slack's wire protocol, as strictly as Slack does."""

from sandbox.slack.server import LocalSlack
from sandbox.slack.socket_mode import DispatchError

__all__ = ["DispatchError", "LocalSlack"]

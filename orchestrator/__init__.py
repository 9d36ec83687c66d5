"""From a question to an answer: knows no Slack and no driver."""

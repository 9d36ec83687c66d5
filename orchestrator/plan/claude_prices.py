"""What a call of a Claude model costs, from the tokens that it took."""

import re

from anthropic.types import Message

from orchestrator.plan import Usage
from orchestrator.plan.budget import Cost

# US dollars a million tokens of input, cache write, cache read, output: the standard tier, five-
# minute cache writes and prompts up to 100,000 tokens, as read in October 2026 from
# https://platform.claude.com/docs/en/about-claude/pricing
_PRICES = {
    "claude-haiku-4-5": (1.0, 1.25, 0.10, 5.0),
    "claude-haiku-5-5": (0.10, 0.125, 0.01, 0.50),
    "claude-opus-4-5": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-4-6": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-4-7": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-4-8": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-5": (5.0, 6.25, 0.50, 25.0),
    "claude-opus-5-5": (4.0, 5.0, 0.20, 20.0),
    "claude-sonnet-4-5": (3.0, 3.75, 0.30, 15.0),
    "claude-sonnet-4-6": (3.0, 3.75, 0.30, 15.0),
    "claude-sonnet-5": (2.0, 2.50, 0.20, 10.0),
    "claude-sonnet-5-5": (2.0, 2.50, 0.10, 10.0),
}
_UNKNOWN = (0.0, 0.0, 0.0, 0.0)
_CHARACTERS_A_TOKEN = 3
"""Fewer than in plain English, where there are about four: JSON and other languages have fewer."""


def has_price(model_name: str) -> bool:
    """Whether a model's price is known."""
    return _undated(model_name) in _PRICES


def usage_of(message: Message, model_name: str) -> Usage:
    """Tokens and cost of one call; a model without a known price costs 0."""
    used = message.usage
    written, cached = used.cache_creation_input_tokens or 0, used.cache_read_input_tokens or 0
    tokens = (used.input_tokens, written, cached, used.output_tokens)
    prices = _PRICES.get(_undated(model_name), _UNKNOWN)
    return Usage(
        calls=1,
        input_tokens=used.input_tokens + written + cached,
        cached_tokens=cached,
        output_tokens=used.output_tokens,
        cost_usd=sum(price * count for price, count in zip(prices, tokens, strict=True)) / 1e6,
    )


def most_of(characters: int, output_tokens: int, model_name: str) -> Cost:
    """About the most that a call may cost, by its prompt's characters and the bound of its answer:
    nothing in a cache, and all of it written there."""
    _, written, _, output = _PRICES.get(_undated(model_name), _UNKNOWN)
    tokens = characters // _CHARACTERS_A_TOKEN
    return Cost(tokens + output_tokens, (written * tokens + output * output_tokens) / 1e6)


def cost_of(usage: Usage) -> Cost:
    """The cost of what was used."""
    return Cost(usage.input_tokens + usage.output_tokens, usage.cost_usd)


def added(one: Usage, other: Usage) -> Usage:
    """What two calls used together."""
    return Usage(
        one.calls + other.calls,
        one.input_tokens + other.input_tokens,
        one.cached_tokens + other.cached_tokens,
        one.output_tokens + other.output_tokens,
        one.cost_usd + other.cost_usd,
    )


def _undated(model_name: str) -> str:
    return re.sub(r"-20\d{6}$", "", model_name)

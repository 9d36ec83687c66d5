"""Turns the text of ACL policies into the capabilities a token has on a path."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_BLOCK = re.compile(r'path\s+"([^"]*)"\s*\{([^{}]*)\}')
_CAPABILITIES = re.compile(r"\s*capabilities\s*=\s*\[([^\]]*)\]\s*")
_KNOWN = {"create", "read", "update", "patch", "delete", "list", "sudo", "deny"}

DEFAULT_POLICY = """
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "sys/leases/renew" { capabilities = ["update"] }
"""


@dataclass(frozen=True)
class Rule:
    """What one path block of a policy allows; * ends a prefix and + stands for one segment."""

    pattern: str
    capabilities: frozenset[str]

    def matches(self, path: str) -> bool:
        """Whether the rule speaks of the path."""
        segments = [re.escape(part) for part in self.pattern.removesuffix("*").split("+")]
        ending = ".*" if self.pattern.endswith("*") else ""
        return re.fullmatch("[^/]+".join(segments) + ending, path) is not None

    @property
    def priority(self) -> tuple[int, bool, int]:
        """How specific the pattern is: Vault lets the most specific one that matches decide."""
        wildcards = [at for at in (self.pattern.find("+"), self.pattern.find("*")) if at >= 0]
        first = min(wildcards, default=len(self.pattern) + 1)
        return (first, not self.pattern.endswith("*"), len(self.pattern))


@dataclass(frozen=True)
class Policy:
    """A policy as it was written, and its rules."""

    text: str
    rules: tuple[Rule, ...]


def parse(text: str) -> Policy:
    """Read path blocks with lists of capabilities; ValueError for anything else."""
    code = re.sub(r"(?m)(#|//).*$", "", text)
    rules: list[Rule] = []
    for pattern, block in _BLOCK.findall(code):
        listed = _CAPABILITIES.fullmatch(block)
        if listed is None:
            raise ValueError(f'path "{pattern}" may hold a list of capabilities and nothing else')
        capabilities = frozenset(re.findall(r'"([^"]*)"', listed[1]))
        if unknown := capabilities - _KNOWN:
            raise ValueError(f'path "{pattern}": invalid capability {min(unknown)!r}')
        rules.append(Rule(pattern.removeprefix("/"), capabilities))
    if rest := _BLOCK.sub("", code).strip():
        raise ValueError(f"failed to parse policy near {rest[:40]!r}")
    return Policy(text, tuple(rules))


def capabilities(policies: Iterable[Policy], path: str) -> frozenset[str]:
    """What the policies together allow on the path; deny in the deciding pattern takes all."""
    matching = [rule for policy in policies for rule in policy.rules if rule.matches(path)]
    if not matching:
        return frozenset()
    decider = max(matching, key=lambda rule: rule.priority).pattern
    allowed = frozenset[str]().union(
        *(rule.capabilities for rule in matching if rule.pattern == decider)
    )
    return frozenset() if "deny" in allowed else allowed

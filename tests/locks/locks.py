"""The locks as the YAML files beside this one tell of them, and their modules without them."""

from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock. `off` has what stands in its `module` (a path from the root) and what stands there
    instead when it is off; `tests` are pytest's ids of those that prove it."""

    name: str
    why: str
    module: str
    off: dict[str, str]
    tests: tuple[str, ...]

    @property
    def python(self) -> str:
        """The name that the module is imported by; empty when it is no Python."""
        path = Path(self.module)
        if path.suffix != ".py":
            return ""
        return ".".join(path.with_suffix("").parts).removesuffix(".__init__")

    def removed(self, text: str) -> str:
        """The module's text without the lock. Raises ValueError unless each snippet of `off`
        stands there exactly once."""
        for snippet, instead in self.off.items():
            if (count := text.count(snippet)) != 1:
                raise ValueError(f"{self.name}: {snippet!r} stands {count} times in {self.module}")
            text = text.replace(snippet, instead)
        return text


@dataclass(frozen=True, slots=True)
class Group:
    """What several locks hold together, in words, under a title."""

    title: str
    holds: str
    locks: tuple[Lock, ...]


def groups() -> list[Group]:
    """All groups, in the order of the files and of what stands in them. Raises ValueError when two
    locks have one name."""
    found = [_group(one) for path in sorted(HERE.glob("*.yaml")) for one in _read(path)]
    names = [lock.name for group in found for lock in group.locks]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Two locks are called alike: {', '.join(sorted(twice))}")
    return found


def all_locks() -> dict[str, Lock]:
    """Every lock by its name."""
    return {lock.name: lock for group in groups() for lock in group.locks}


def text_of(path: str, lock: Lock | None) -> str:
    """A file's text, without a lock when it is that one's."""
    text = (ROOT / path).read_text()
    return lock.removed(text) if lock is not None and lock.module == path else text


def _read(path: Path) -> list[dict[str, object]]:
    return yaml.safe_load(path.read_text())


def _group(kept: dict[str, object]) -> Group:
    locks = kept["locks"]
    assert isinstance(locks, dict)
    made = (
        Lock(name, one["why"], one["in"], one["without"], tuple(one["tests"]))
        for name, one in locks.items()
    )
    return Group(str(kept["title"]), str(kept["holds"]), tuple(made))

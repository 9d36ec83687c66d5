"""`python -m tests.locks.table`: the table of locks in SECURITY.md, written anew."""

from tests.locks.locks import ROOT, Group, Lock, groups

BEGINS = "<!-- the locks: written by `make locks-table` -->\n"
ENDS = "<!-- the locks end here -->\n"
SECURITY = ROOT / "SECURITY.md"


def table() -> str:
    """Every group with what it holds, and its locks: what each holds, and what proves it."""
    return "\n".join(_section(group) for group in groups())


def written(text: str) -> str:
    """A text with the table between its marks."""
    before, rest = text.split(BEGINS)
    return before + BEGINS + "\n" + table() + "\n" + ENDS + rest.split(ENDS)[1]


def _section(group: Group) -> str:
    head = "| lock | what it holds | code | test |\n|---|---|---|---|\n"
    rows = "".join(f"{_row(lock)}\n" for lock in group.locks)
    return f"### {group.title}\n\n{group.holds}\n\n{head}{rows}"


def _row(lock: Lock) -> str:
    tests = dict.fromkeys(_link(test) for test in lock.tests)
    code = f"[{lock.module.removesuffix('.py')}]({lock.module})"
    return f"| `{lock.name}` | {lock.why} | {code} | {'<br>'.join(tests)} |"


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name.partition('[')[0] or 'all of it'}]({path})"


if __name__ == "__main__":
    SECURITY.write_text(written(SECURITY.read_text()))

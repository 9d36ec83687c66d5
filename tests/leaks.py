"""Looks for secrets in whatever the tests bring forth: output, logs, prompts, stores, traces.

The servers of the tests make new secrets for each run, whose form says what they are; those that
have none are known by their sandbox.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from sandbox.sandbox import Sandbox

SLACK, _STORE = "a Slack token", "store.db"
_FORMS = {
    "a database password": re.compile(rb"A1a-[A-Za-z0-9]{16}"),
    "a Vault token": re.compile(rb"hvs\.[\w-]{32}"),
    SLACK: re.compile(rb"xox[bp]-[0-9a-f]{40}|xapp-1-[0-9a-f]{40}"),
}
_MOST_BYTES = 64_000_000


class Secrets:
    """The secrets of this run."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def plant(self, sandbox: Sandbox) -> None:
        """Know those of a sandbox too, by their values."""
        given = {
            "the AppRole's secret id": sandbox.app_role.secret_id,
            "Slack's signing secret": sandbox.slack.signing_secret,
            "Qdrant's key": sandbox.qdrant.api_key,
            "Qdrant's reading key": sandbox.qdrant.read_only_api_key,
        }
        self._known |= {value.encode(): what for what, value in given.items()}

    def kinds(self, text: bytes | str) -> list[str]:
        """What kinds of secrets stand in a text; never the secrets themselves."""
        raw = text.encode(errors="replace") if isinstance(text, str) else text
        formed = [what for what, form in _FORMS.items() if form.search(raw)]
        return formed + [what for value, what in self._known.items() if value in raw]

    def in_files(self, folder: Path) -> Iterator[str]:
        """Each file below a folder in which a secret stands, with the kinds of them. A store may
        hold the Slack tokens of the workspaces where the bot was installed by OAuth."""
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.stat().st_size <= _MOST_BYTES:
                kinds = self.kinds(file.read_bytes())
                if file.name.startswith(_STORE):
                    kinds = [kind for kind in kinds if kind != SLACK]
                if kinds:
                    yield f"{file.relative_to(folder)}: {', '.join(kinds)}"


SECRETS = Secrets()

"""Replicas of the bot as processes of their own, over one store, that can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.process import ServerFailed, end_with_parent

NOTHING = dict.fromkeys(("VAULT_ADDR", "ANTHROPIC_API_KEY", "SLACK_SIGNING_SECRET"), "")


class Replica:
    """One `crosstalk serve`; its log goes to a file."""

    def __init__(
        self, name: str, folder: Path, model: Path, environment: Mapping[str, str]
    ) -> None:
        self._log = folder / f"{name}.log"
        self._model = model
        self._environment = {
            **NOTHING,
            "CROSSTALK_HTTP_PORT": "0",
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; it is up once its websockets are."""
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "from bot.cli import main; main()"),
                *("serve", "--model", str(self._model)),
                env={**os.environ, **self._environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent(),
            )

    @property
    def pid(self) -> int:
        """The process's id. Raises ServerFailed when there is no process."""
        if self._process is None:
            raise ServerFailed("the replica has not been started.")
        return self._process.pid

    async def kill(self) -> None:
        """SIGKILL: nothing is finished and nobody is told."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        await self._end(signal.SIGTERM)

    def check_alive(self) -> None:
        """Raises ServerFailed with the log's end when the process has ended by itself."""
        if self._process is not None and self._process.returncode is not None:
            said = self._log.read_text(errors="replace")[-1500:]
            raise ServerFailed(f"a replica ended. Its log ends with:\n{said}")

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(number)
            await process.wait()

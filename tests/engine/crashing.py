"""A process that asks and is killed while it reads: `python -m tests.engine.crashing`.

Its one line of stdin is JSON with the `vault` settings, the `environment` of the semantic model and
the `folder` of the store. It prints the login of each source that it has begun to read.
"""

import asyncio
import json
import sys
from pathlib import Path

import structlog

from adapters.credentials import Credential, VaultSettings
from orchestrator.semantic import load
from tests.conftest import ROOT, answer_of, opened
from tests.engine.watched import watch

ASKED = ("SELECT customer_id FROM customer", "SELECT number FROM ticket")


async def _main() -> None:
    told = json.loads(sys.stdin.readline())
    model = load(ROOT / "semantic_model.yaml", told["environment"])

    async def read_for_ever(credential: Credential) -> None:
        sys.stdout.write(credential.username + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    async with opened(model, VaultSettings(**told["vault"]), Path(told["folder"])) as pipeline:
        watch(pipeline, "sales", read_for_ever)
        watch(pipeline, "support", read_for_ever)
        await asyncio.gather(*(answer_of(pipeline, "by SQL", sql) for sql in ASKED))


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_main())

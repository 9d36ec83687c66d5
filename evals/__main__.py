"""`python -m evals`: ask all questions, print the score by kind, and write docs/evals.md."""

import argparse
import asyncio
import contextlib
import sys

from adapters.errors import ConfigurationError, PlannerError
from bot.settings import settings
from evals.asking import Make, claude_planner, grammar_planner, planner_digests, run
from evals.case import DOMAINS
from evals.domain import open_domain
from evals.recording import RECORDED, recording
from evals.report import keep, lines
from evals.run import Outcome
from evals.score import Score, score


async def _main(*, show: bool, record: bool) -> None:
    configured = settings()
    domains = [open_domain(name) for name in DOMAINS]
    async with contextlib.AsyncExitStack() as stack:
        planners: dict[str, Make] = {"grammar": grammar_planner}
        if key := configured.anthropic_key():
            url = await stack.enter_async_context(recording(RECORDED)) if record else None
            planners["claude"] = claude_planner(key, configured.anthropic_model, url)
        elif record:
            raise ConfigurationError("ANTHROPIC_API_KEY is not set, so there is nobody to record.")
        for name, planner in planners.items():
            outcomes = [
                one for domain in domains for one in await run(domain, planner(domain.model))
            ]
            digests = planner_digests(name, configured.anthropic_model, domains)
            _tell(name, outcomes, score(name, outcomes, digests), show=show)


def _tell(name: str, outcomes: list[Outcome], result: Score, *, show: bool) -> None:
    keep(result)
    sys.stdout.write(f"\n{name}\n" + "\n".join(lines(result.plain())) + "\n")
    sys.stdout.write(f"{result.misled} of {result.sure} sure answers are wrong\n")
    if show:
        sys.stdout.write("\n".join(map(_told, outcomes)) + "\n")


def _told(one: Outcome) -> str:
    held = "  (held out)" if one.case.held_out else ""
    if one.verdict == "right" or held:
        return f"{one.verdict:6} {one.case.name}{held}"
    return f"{one.verdict:6} {one.case.name}\n         {one.said}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="what became of each question")
    parser.add_argument("--record", action="store_true", help="keep what Claude says, for replay")
    options = parser.parse_args()
    try:
        asyncio.run(_main(show=options.show, record=options.record))
    except ConfigurationError as error:
        sys.exit(str(error))
    except PlannerError as error:
        sys.exit(f"{error} Its score stays as it was.")

"""`python -m evals`: ask all questions, print the score by kind, and write docs/evals.md."""

import argparse
import asyncio
import sys

from adapters.errors import PlannerError
from bot.settings import settings
from evals.asking import Make, claude_planner, grammar_planner, planner_digests, run
from evals.case import DOMAINS
from evals.domain import open_domain
from evals.report import keep, lines
from evals.run import Outcome
from evals.score import score


async def _main(show: bool) -> None:
    configured = settings()
    domains = [open_domain(name) for name in DOMAINS]
    planners: dict[str, Make] = {"grammar": grammar_planner}
    if key := configured.anthropic_key():
        planners["claude"] = claude_planner(key, configured.anthropic_model)
    for name, planner in planners.items():
        outcomes = [one for domain in domains for one in await run(domain, planner(domain.model))]
        result = score(name, outcomes, planner_digests(name, configured.anthropic_model, domains))
        keep(result)
        plain = result.plain()
        sys.stdout.write(f"\n{name}\n" + "\n".join(lines(plain)) + "\n")
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
    try:
        asyncio.run(_main(parser.parse_args().show))
    except PlannerError as error:
        sys.exit(f"{error} Its score stays as it was.")

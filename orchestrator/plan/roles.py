"""The words of plain English that have a role in a question, whatever the model."""

import re

from orchestrator.plan.lexicon import stem

ROLES = {
    "how much": "how much|what amount|what do|what did|what does",
    "count": "how many|number of|count of|count|amount of|total number of|total count of|split of"
    "|breakdown of|breakdown|distribution of|distribution",
    "share": "share of|share|percentage of|percentage|percent of|percent|per cent|proportion of"
    "|proportion|fraction of|pct of|pct|%|% of|in percent|in %|in percentages|as a percentage"
    "|as percentage|as percent|as a share|how many percent of|percentage split of"
    "|percentage breakdown of|percentage distribution of",
    "rate": "rate|rates",
    "versus": "vs|versus|compared to|compared with|compared against|in comparison to"
    "|in comparison with|compare|comparing|relative to|against",
    "steps": "month over month|month on month|mom|year over year|year on year|yoy"
    "|quarter over quarter|quarter on quarter|qoq|week over week|week on week|wow",
    "growth": "growth|growth of|growth in|grow|grew|grown|growing",
    "top": "top|first",
    "bottom": "bottom",
    "most": "the most|most",
    "least": "the least|least|the fewest|fewest",
    "biggest": "biggest|highest|largest|greatest|best|longest|priciest|most expensive"
    "|the most expensive",
    "smallest": "smallest|lowest|worst|shortest|cheapest|least expensive|the least expensive",
    "latest": "latest|newest|most recent|last|youngest",
    "oldest": "oldest|earliest",
    "by": "by|per|for each|for every|in each|in every|each|every|grouped by|group by|split by"
    "|broken down by|by each|sorted by|ranked by|according to",
    ">": ">|more than|over|above|greater than|higher than|bigger than|larger than|exceeding"
    "|exceeds|exceed|exceeded|better than|older than|longer than",
    ">=": ">=|at least|no less than|not less than|minimum of",
    "<": "<|less than|under|below|fewer than|lower than|smaller than|worse than"
    "|younger than|shorter than",
    "<=": "<=|at most|up to|no more than|not more than|maximum of",
    "=": "=|exactly|equal to|equals",
    "between": "between",
    "no": "no|without|without any|never|lacking|with no|have no|has no|had no",
    "not": "not|except|except for|excluding|other than|non|outside|outside of|<>|!=|is not"
    "|isn t|but not|apart from|all but|everything but|anything but",
    "avg": "average|mean|avg",
    "median": "median",
    "duration": "time to|days to|time it takes to|how long does it take to|how long did it take to"
    "|time until",
    "sum": "total|sum of|sum|overall",
    "min": "minimum|min",
    "max": "maximum|max",
    "which": "which|what",
    "list": "list|show|show me|give me|who|find|display|get|tell me|their|name the",
    "and": "and|,|but|as well as|;|plus|along with|&",
    "or": "or",
    "stop": "look after|looks after|looked after|looking after|take care of|takes care of"
    "|in charge of|responsible for",
}
STOP = frozenset(
    "a an the of in on at to for from with within is are was were be been being do does did "
    "done has have had having that who whom whose where which what when there their our we us i "
    "me my you your it its they them this these those all any please can could would should "
    "will belong belongs belonging out than then also only just so as new per via into placed "
    "made how many list show eur euro euros € $ £ % percent usd dollar dollars ever yet still "
    "currently now much different distinct various come comes came go goes went use uses used "
    "using got get gets work works working serve serves served bring brings anything anyone "
    "anybody develop developed evolve evolved brought times make makes making live lives living "
    "based located handle handles handled".split()
)
EARLIER = re.compile(
    r"(?:the )?(?:"
    r"(?:same|previous|prior|preceding) (?:period|time|month|quarter|week|day|year)"
    r"(?: (?:last year|(?:of )?the (?:previous|prior) year|(?:a|one) year (?:ago|before|earlier)))?"
    r"|(?:day|week|month|quarter|year|period) (?:before|earlier|prior)"
    r"|(?:a|one) year (?:ago|earlier|before))(?![^ ])"
)
COMPARISONS = frozenset({">", ">=", "<", "<=", "="})
ASIDE = frozenset({"about", "regarding"})
MENTION = frozenset(map(stem, ("mention", "mentions", "mentioned", "discuss", "discussed")))
TALK = frozenset(
    map(
        stem,
        "complain complaint ask talk speak spoke grumble worry worried angry unhappy upset "
        "happy annoyed frustrated concerned write wrote praise rave moan excited "
        "pleased".split(),
    )
)
ABOUT = frozenset({"about", "of", "with", "over", "at", "that", "regarding"})
RESUME = frozenset("have has had with who that are is were was did never no not".split())
END = frozenset("who which that whose with without by per but having sorted".split())

"""What a text search would find if it never erred: each domain's themes and the words for them.

The score is about planning. How well texts are found by meaning is measured apart.
"""

import re

THEMES = {
    "meridian": {
        "invoice complaints": r"invoic|bill|charg",
        "late deliveries": r"late|delay|deliver|overdue",
        "price negotiation": r"pric|discount|rebate|negotiat",
        "damaged goods": r"damag|broken|defect",
        "competitor mention": r"compet|rival",
        "contract renewal": r"renew|contract",
        "feature requests": r"feature|request",
        "outage": r"outage|down|unavailab",
        "onboarding": r"onboard|training",
        "praise": r"prais|happy|compliment|thank",
    },
    "hospital": {
        "food": r"food|meal|breakfast",
        "noise": r"nois|loud|sleep",
        "kind nurses": r"nurs|staff",
        "long waiting": r"wait|queue",
        "parking": r"park|garage",
        "discharge papers": r"discharge|paper|letter",
    },
}


def theme(domain: str, text: str) -> str:
    """The theme that most words of a text speak of; "" when none does."""
    hits = {name: len(re.findall(words, text.lower())) for name, words in THEMES[domain].items()}
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] else ""

"""A small company with something to hide, and what its people may read."""

from typing import Any

from orchestrator.compile import Compiler, Plan
from orchestrator.compile.rights import rights_of
from orchestrator.question import Requester
from orchestrator.semantic import SemanticModel
from tests.unit.compile.shop import CAPABILITIES, MODEL, Sizes

ADA = Requester("T1", "U1ADA")
STRANGER = Requester("T1", "U9")
EVERYONE: dict[str, Any] = {
    "name": "everyone",
    "for": ["everyone"],
    "masks": {"contact": "partial", "customer.left_at": {"kind": "bucket", "unit": "month"}},
}


def model(*rules: dict[str, Any], **access: Any) -> SemanticModel:
    """The shop, whose customers' names are personal data, under these rules of access."""
    data = MODEL.model_dump(by_alias=True)
    data["entities"]["customer"]["fields"]["name"]["pii"] = "contact"
    data["entities"]["ticket"]["fields"]["status"]["pii"] = "health"
    data["sources"]["support"]["region"] = "eu"
    data["policies"] = {
        "allow_pii": ["contact"],
        "access": {"key": "k" * 16, **access, "rules": rules or (EVERYONE,)},
    }
    return SemanticModel.model_validate(data)


_COMPILERS: dict[str, Compiler] = {}


def planned(sql: str, here: SemanticModel, who: Requester = ADA) -> Plan:
    """The plan of a person's SQL."""
    if here.digest not in _COMPILERS:
        _COMPILERS[here.digest] = Compiler(here, CAPABILITIES)
    return _COMPILERS[here.digest].compile(sql, Sizes(), rights_of(here, who))

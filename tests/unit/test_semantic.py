"""The semantic model's file: every mistake is named with its line and a hint."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.errors import SemanticModelError
from orchestrator.semantic import SemanticModel, json_schema, load

ROOT = Path(__file__).parent.parent.parent
GOOD = """\
name: Shop
sources:
  sales:
    kind: postgres
    connect: {host: "${SALES_HOST:-127.0.0.1}", port: "${SALES_PORT:-5432}"}
entities:
  customer:
    description: Who buys
    key: customer_id
    fields:
      customer_id: {type: int64}
      name: {type: string}
    bindings:
      sales:
        relation: public.customers
        fields:
          customer_id: id
          name: name
relationships:
  - {name: own, from: customer, to: customer, from_columns: [name], to_columns: [name]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the model is written."""
    return tmp_path / "model.yaml"


def read(path: Path, text: str, environment: dict[str, str] | None = None) -> SemanticModel:
    """The model of a text."""
    path.write_text(text, encoding="utf-8")
    return load(path, environment or {})


def test_good_model_is_read(path: Path) -> None:
    """A model without mistakes gives its nouns; the first binding is the home."""
    model = read(path, GOOD)
    assert model.entities["customer"].home == "sales"
    assert model.entities["customer"].bindings["sales"].fields["name"].path == "name"


_KEY, _NAME, _REL = "    key: cust", "name: {type: string}", "      sales:\n        rel"
_OWN = "  - {name: own, from: customer, to: customer, from_columns: [name], to_columns: [name]}\n"
_BOUND = GOOD[GOOD.index(_REL) : GOOD.index("relationships")]
MISTAKES = {
    "no key": ("    key: customer_id\n", "", 7, "`entities.customer.key` is missing"),
    "no name": ("name: Shop\n", "", 1, "`name` is missing"),
    "no kind": ("    kind: postgres\n", "", 3, "kind` is missing"),
    "no type": (_NAME, "name: {description: x}", 12, "name.type` is missing"),
    "unknown key": (_KEY, f"    colour: red\n{_KEY}", 9, "colour` is not a key"),
    "unknown type": (_NAME, "name: {type: text}", 12, "name.type`"),
    "bad field name": (_NAME, "Full Name: {type: string}", 12, "pattern"),
    "no bindings": (_BOUND, "      {}\n", 13, "at least 1"),
    "unknown source": (_REL, _REL.replace("sales", "sale"), 14, "did you mean `sales`"),
    "key not bound": ("          customer_id: id\n", "", 14, "lacks the key `customer_id`"),
    "bound field unknown": ("          name: n", "          nam: n", 18, "did you mean `name`"),
    "field bound nowhere": ("          name: name\n", "", 12, "lies in no binding"),
    "key is no field": ("key: customer_id", "key: customerid", 9, "mean `customer_id`"),
    "time is no field": (_KEY, f"    time: at\n{_KEY}", 9, "time `at`"),
    "label is no field": (_KEY, f"    label: nme\n{_KEY}", 9, "did you mean `name`"),
    "text is no field": (
        "        relation: p",
        "        text: x\n        relation: p",
        15,
        "no field `x`",
    ),
    "array not unwound": ("name: name\n", "name: a[].b\n", 18, "`a[].b` lies in no array"),
    "another array": (
        _BOUND[len("      sales:\n") :],
        "        {relation: c, unwind: b, fields: {customer_id: id, name: 'a[].b'}}\n",
        15,
        "`a[].b` lies in no array",
    ),
    "unwind is no path": (
        "        relation: p",
        "        unwind: a[]\n        relation: p",
        15,
        "not the path of an array",
    ),
    "unknown entity": ("to: customer,", "to: custommer,", 20, "did you mean `customer`"),
    "unknown column": ("from_columns: [name]", "from_columns: [nme]", 20, "mean `name`"),
    "uneven columns": (
        "from_columns: [name]",
        "from_columns: [name, name]",
        20,
        "differ in number",
    ),
    "no variable": ("${SALES_HOST:-127.0.0.1}", "${SALES_HOST}", 5, "SALES_HOST is not set"),
    "bad YAML": ("  sales:\n    kind", "  sales: [\n    kind", 5, "not valid YAML"),
    "duplicate key": (_NAME, f"{_NAME}\n      {_NAME}", 13, "stands twice"),
    "duplicate relationship": (_OWN, _OWN * 2, 21, "`own` stands twice"),
    "nobody to approve": (
        "name: Shop\n",
        "name: Shop\npolicies: {approval: {rules: {free_form: high}}}\n",
        2,
        "no `approvers` are named",
    ),
    "a class that is refused": (
        "name: Shop\n",
        "name: Shop\npolicies: {approval: {rules: {pii: {contact: medium}}}}\n",
        2,
        "`contact` is not in `allow_pii`",
    ),
    "an unknown level": (
        "name: Shop\n",
        "name: Shop\npolicies: {approval: {rules: {free_form: huge}}}\n",
        2,
        "free_form`",
    ),
    "an escalation that is too late": (
        "name: Shop\n",
        """name: Shop
policies: {approval: {approvers: {group: a, escalation: {group: b, after_hours: 24}}}}
""",
        2,
        "has ended (`expires_hours`) before",
    ),
    "a class that is posted and refused": (
        "name: Shop\n",
        "name: Shop\npolicies: {audience: {public: {pii: [contact]}}}\n",
        2,
        "so there is nothing to post of it",
    ),
    "a source that is not sensitive": (
        "name: Shop\n",
        "name: Shop\npolicies: {audience: {public: {sensitive: [sales]}}}\n",
        2,
        "`sales` is not a sensitive source",
    ),
    "a field that is not shown": (
        "name: Shop\n",
        "name: Shop\npolicies: {audience: {channels: {C1: {only: [customer.nme]}}}}\n",
        2,
        "did you mean `customer.name`",
    ),
    "a channel by its name": (
        "name: Shop\n",
        "name: Shop\npolicies: {audience: {channels: {sales: {pii: []}}}}\n",
        2,
        "channels",
    ),
    "a base with a rate": (
        "name: Shop\n",
        "name: Shop\ncurrencies: {base: EUR, rates: {EUR: 1, USD: 1.1}, as_of: 2026-06-12}\n",
        2,
        "the base has no rate",
    ),
    "a currency of no metric": (
        "name: Shop\n",
        "name: Shop\ncurrencies: {base: EUR, rates: {USD: 1.1}, as_of: 2026-06-12}\n",
        2,
        "no metric has the unit EUR",
    ),
    "no parallel": ("    kind: p", "    max_parallel: 0\n    kind: p", 4, "greater than or equal"),
}


@pytest.mark.parametrize(("old", "new", "line", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_named(path: Path, old: str, new: str, line: int, said: str) -> None:
    """Each mistake is told as path:line with what is wrong."""
    assert old in GOOD
    with pytest.raises(SemanticModelError) as refused:
        read(path, GOOD.replace(old, new, 1))
    told = str(refused.value).splitlines()
    assert any(one.startswith(f"{path}:{line}:") and said in one for one in told), told


def test_all_mistakes_are_told_at_once(path: Path) -> None:
    """Several mistakes are several lines."""
    text = GOOD.replace("to: customer,", "to: x,").replace("key: customer_id", "key: y")
    with pytest.raises(SemanticModelError) as refused:
        read(path, text)
    assert len(str(refused.value).splitlines()) >= 2


@pytest.mark.parametrize("text", ["", "[]", "just text", "name: Shop\nentities: 7\n"])
def test_other_shapes_are_mistakes(path: Path, text: str) -> None:
    """A file that is no model at all is told as such."""
    with pytest.raises(SemanticModelError, match=f"{path}:"):
        read(path, text)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A path to nothing says how to name the file."""
    with pytest.raises(SemanticModelError, match="--model PATH"):
        load(tmp_path / "missing.yaml", {})


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ({}, "127.0.0.1"),
        ({"SALES_HOST": "db.example"}, "db.example"),
        ({"SALES_HOST": ""}, "127.0.0.1"),
    ],
)
def test_environment_fills_in(path: Path, environment: dict[str, str], host: str) -> None:
    """`${ENV:-default}` is the variable, or the default when it is not set or empty."""
    assert read(path, GOOD, environment).sources["sales"].connect["host"] == host


def test_digest_is_of_the_meaning(path: Path) -> None:
    """Addresses do not change the digest; fields do."""
    plain = read(path, GOOD).digest
    assert read(path, GOOD, {"SALES_HOST": "elsewhere"}).digest == plain
    assert read(path, GOOD.replace("Who buys", "Who pays")).digest != plain


_TYPES: dict[type, set[str]] = {
    str: {"string"},
    bool: {"boolean"},
    int: {"integer", "number"},
    float: {"number"},
    type(None): {"null"},
    dict: {"object"},
    list: {"array"},
}


def fits(value: Any, node: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether a value fits a node of a JSON Schema, as far as pydantic's schemas go."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node and not any(fits(value, one, schema) for one in node["anyOf"]):
        return False
    if "enum" in node and value not in node["enum"]:
        return False
    if "type" in node and node["type"] not in _TYPES[type(value)]:
        return False
    if isinstance(value, list):
        items: list[Any] = value
        return all(fits(item, node.get("items", {}), schema) for item in items)
    if not isinstance(value, dict):
        return True
    named: dict[str, Any] = value
    known = node.get("properties", {})
    rest = next(iter(node.get("patternProperties", {}).values()), None)
    rest = node.get("additionalProperties", True) if rest is None else rest
    strange = {key: item for key, item in named.items() if key not in known}
    return (
        set(node.get("required", ())) <= named.keys()
        and all(fits(named[key], known[key], schema) for key in named.keys() & known.keys())
        and (rest is not False or not strange)
        and (isinstance(rest, bool) or all(fits(i, rest, schema) for i in strange.values()))
    )


def test_schema_accepts_the_demo_model() -> None:
    """The JSON Schema allows semantic_model.yaml, and neither an unknown nor a missing key."""
    schema = json.loads(json_schema())
    assert schema["type"] == "object"

    data = yaml.safe_load((ROOT / "semantic_model.yaml").read_text(encoding="utf-8"))
    assert fits(data, schema, schema)
    assert not fits(data | {"colour": "red"}, schema, schema)
    assert not fits(
        {key: value for key, value in data.items() if key != "entities"}, schema, schema
    )

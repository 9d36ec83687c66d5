"""`crosstalk policy`: what it says of somebody's SQL, and of cases."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from adapters.errors import ConfigurationError
from bot import cli
from tests.unit.access.company import EVERYONE, model

CHIEFS = {"name": "chiefs", "for": ["group:chiefs"], "pii": ["contact"]}
NAMES = "SELECT name FROM customer"
GOOD = {"name": "names are masked", "user": "U1", "sql": NAMES, "expect": "changed",
        "says": "customer.name is masked for you", "masked": ["customer.name"]}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the company's model."""
    data = model(EVERYONE, CHIEFS).model_dump(mode="json", by_alias=True)
    data["policies"]["access"]["key"] = None
    file = tmp_path / "semantic_model.yaml"
    file.write_text(yaml.safe_dump(data))
    return file


def crosstalk(*arguments: str) -> Result:
    """Run one command."""
    return CliRunner().invoke(cli.command_line(), ["policy", *arguments])


def test_explain_says_what_is_changed_and_by_which_rule(path: Path) -> None:
    """A masked field is named, with the rules that hold and the SQL that would be compiled."""
    result = crosstalk("explain", "U1", NAMES, "--model", str(path))
    assert result.exit_code == 0
    assert "Changed:\n- customer.name is masked for you.\ncustomer: everyone" in result.stdout
    assert "'***'" in result.stdout


def test_explain_says_why_it_is_refused(path: Path) -> None:
    """A refusal has its reason and the exit code 1."""
    sql = f"{NAMES} WHERE name = 'x'"
    result = crosstalk("explain", "U1", sql, "--model", str(path), "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["outcome"], told["sql"]) == (1, "refused", "")
    assert "can be shown and not used in a condition" in told["said"][0]


def test_explain_takes_groups(path: Path) -> None:
    """Whoever is in a group is told what its rule gives."""
    result = crosstalk("explain", "U1", NAMES, "--group", "chiefs", "--model", str(path))
    assert result.stdout == "Read as it is.\ncustomer: everyone, chiefs\n"


def test_cases_that_hold_are_counted(path: Path) -> None:
    """By default they stand beside the model."""
    as_chief = {**GOOD, "name": "chiefs see names", "groups": ["chiefs"], "expect": "as it is",
                "says": "", "masked": []}  # fmt: skip
    (path.parent / "policy_tests.yaml").write_text(yaml.safe_dump({"cases": [GOOD, as_chief]}))
    result = crosstalk("test", "--model", str(path))
    assert result.exit_code == 0
    assert result.stdout.endswith("✓ chiefs see names\n2 of 2 cases hold.\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"expect": "refused"}, "expected refused, but it is changed: customer.name is masked"),
        ({"says": "tickets"}, "nothing says “tickets”, only: customer.name is masked for you."),
        ({"masked": []}, "masked should be none, and is customer.name"),
        ({"filtered": ["customer"]}, "filtered should be customer, and is none"),
        ({"sql": "SELECT nothing FROM customer"}, "the SQL is wrong whoever asks: "),
    ],
)
def test_a_case_that_fails_says_how(path: Path, changed: dict[str, object], said: str) -> None:
    """What is expected and what is so stand below its name; the exit code is 1."""
    cases = path.parent / "cases.yaml"
    cases.write_text(yaml.safe_dump({"cases": [{**GOOD, **changed}]}))
    result = crosstalk("test", str(cases), "--model", str(path))
    assert result.exit_code == 1
    assert f"✗ names are masked\n  {said}" in result.stdout


def test_a_file_of_cases_that_can_t_be_read_is_named(path: Path) -> None:
    """A missing file and a wrong key are told with the file."""
    missing = crosstalk("test", "--model", str(path))
    assert isinstance(missing.exception, ConfigurationError)
    cases = path.parent / "policy_tests.yaml"
    cases.write_text("cases: [{name: x, user: U1, sql: x, expect: maybe}]")
    wrong = crosstalk("test", "--model", str(path))
    assert "`cases.0.expect`" in str(wrong.exception)

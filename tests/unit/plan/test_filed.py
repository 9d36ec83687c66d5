"""Questions that point at a file of their thread, read by the words of the model and the file."""

import pytest

from orchestrator.attach import attach
from orchestrator.plan import Draft
from orchestrator.plan.filed import InFiles, points_at_a_file
from orchestrator.plan.grammar import GrammarPlanner
from orchestrator.question import Question, Requester, Turn
from orchestrator.retrieve import Candidates
from tests.unit.tables import MODEL, churn_list

LISTED = "EXISTS (SELECT 1 FROM churn_list AS cl WHERE cl.customer_id = c.customer_id)"
COUNTED = "SELECT COUNT(*) AS churn_lists FROM churn_list AS cl"
SHOWN = (
    "SELECT cl.customer_id, cl.reason, cl.budget, cl.region FROM churn_list AS cl "
    "ORDER BY cl.customer_id"
)
OPEN = (
    "EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id = c.customer_id AND t.status = 'open')"
)
QUESTIONS = {
    "which of these customers have open tickets?":
        f"SELECT c.name FROM customer AS c WHERE {LISTED} AND {OPEN} ORDER BY c.name",
    "how many of these have open tickets?":
        f"SELECT COUNT(*) AS customers FROM customer AS c WHERE {LISTED} AND {OPEN}",
    "which customers in churn list.csv have open tickets?":
        f"SELECT c.name FROM customer AS c WHERE {LISTED} AND {OPEN} ORDER BY c.name",
    "revenue of the customers in churn list":
        'SELECT SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c '
        f"ON o.customer_id = c.customer_id WHERE {LISTED}",
    "revenue by segment of these customers":
        'SELECT c.segment, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c '
        f"ON o.customer_id = c.customer_id WHERE {LISTED} "
        "GROUP BY c.segment ORDER BY revenue DESC NULLS LAST",
    "revenue for them":
        'SELECT SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c '
        f"ON o.customer_id = c.customer_id WHERE {LISTED}",
    "how many customers in the attached list": f"SELECT COUNT(*) AS customers FROM customer AS c "
        f"WHERE {LISTED}",
    "how many rows are in the file?": COUNTED,
    "how many rows does the list have?": COUNTED,
    "how many entries in churn list": COUNTED,
    "show the list": SHOWN,
    "what is in the spreadsheet?": SHOWN,
    "average budget by region in the list":
        "SELECT cl.region, AVG(cl.budget) AS average_budget FROM churn_list AS cl "
        "GROUP BY cl.region ORDER BY average_budget DESC NULLS LAST",
    "total budget":
        "SELECT SUM(cl.budget) AS total_budget FROM churn_list AS cl",
    "top 2 rows by budget": SHOWN.replace(
        "ORDER BY cl.customer_id", "ORDER BY cl.budget DESC NULLS LAST LIMIT 2"),
}  # fmt: skip
WITH_FILE = attach(MODEL, (churn_list(),)).model
PLANNER = InFiles(GrammarPlanner(MODEL), MODEL).over(WITH_FILE)


async def drafted(text: str, *earlier: Turn) -> Draft:
    """The draft of a question about the churn list."""
    asked = Question(text, Requester("T", "U"), earlier=earlier, files=("churn_list",))
    draft = await PLANNER.draft(asked, Candidates(tuple(WITH_FILE.entities)))
    assert isinstance(draft, Draft), draft
    return draft


@pytest.mark.parametrize("text", QUESTIONS)
async def test_questions_about_a_file(text: str) -> None:
    """Counting, listing, adding up by a column, and the rows of other entities that it names."""
    assert (await drafted(text)).sql == QUESTIONS[text]


async def test_what_a_word_was_taken_for_is_said() -> None:
    """The words that were put as the file's name stand in the assumptions."""
    assumptions = (await drafted("which of these customers have open tickets?")).assumptions
    assert "“of these customers” are read as customers in churn list" in assumptions


async def test_follow_ups_keep_the_file() -> None:
    """An earlier question is read with the file that its SQL reads."""
    before = Turn("total budget in the list", "SELECT SUM(cl.budget) FROM churn_list AS cl")
    draft = await drafted("and by region?", before)
    assert draft.sql == (
        "SELECT cl.region, SUM(cl.budget) AS total_budget FROM churn_list AS cl "
        "GROUP BY cl.region ORDER BY total_budget DESC NULLS LAST"
    )


async def test_no_safe_way_is_told() -> None:
    """Rows that may repeat are not multiplied into a sum of another entity."""
    asked = Question("revenue by region in the list", Requester("T", "U"), files=("churn_list",))
    came = await PLANNER.draft(asked, Candidates(tuple(WITH_FILE.entities)))
    assert "can have many rows of churn_list" in str(came)


@pytest.mark.parametrize(
    ("text", "first", "later"),
    [
        ("which of these customers churned?", True, True),
        ("how many rows in the sheet", True, True),
        ("customers in the attached CSV", True, True),
        ("which of those are enterprise?", True, False),
        ("their revenue", True, False),
        ("list customers in Germany", False, False),
        ("revenue in these months", False, False),
        ("how many orders last month?", False, False),
    ],
)
def test_words_that_point(text: str, first: bool, later: bool) -> None:
    """“These” means the file at hand; “those” what was answered before, if anything was."""
    assert points_at_a_file(text, is_first=True) is first
    assert points_at_a_file(text, is_first=False) is later

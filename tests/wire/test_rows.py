"""What the bot promises in Slack, and the tests that hold it, over websockets and over HTTP."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from tests.wire import test_answers as answers
from tests.wire import test_approval_bypasses as bypasses
from tests.wire import test_approvals as approvals
from tests.wire import test_asking as asking
from tests.wire import test_audience as audience
from tests.wire import test_commands as commands
from tests.wire import test_files as files
from tests.wire import test_followups as followups
from tests.wire import test_history as history
from tests.wire import test_holding_up as holding_up
from tests.wire import test_home as home
from tests.wire import test_stop as stop
from tests.wire import test_variants as variants
from tests.wire.conftest import Transport

Test = Callable[..., Any]
ROWS: dict[str, tuple[Test, ...]] = {
    "a mention, in a channel or in a thread": (
        asking.test_a_mention_is_answered_in_its_thread,
        asking.test_two_questions_in_one_thread_are_answered_in_order,
    ),
    "a direct message": (followups.test_a_direct_message_goes_on_outside_of_threads,),
    "a follow-up without a mention": (followups.test_a_thread_goes_on_without_mentions,),
    "/ask": (commands.test_ask_opens_a_thread_with_the_answer_in_it,),
    "a shortcut, on a message or global": (
        commands.test_a_question_about_a_message_is_asked_in_its_thread,
        commands.test_the_global_shortcut_asks_in_a_channel,
    ),
    "@source in the question": (asking.test_a_mentioned_source_is_the_only_one,),
    "files dropped on the thread": (files.test_a_file_with_a_mention_is_joined,),
    "eyes, status, progress by source": (asking.test_a_mention_is_answered_in_its_thread,),
    "stream, else edit, else a new message": (asking.test_a_long_answer_is_streamed,),
    "Stop": (stop.test_stop_ends_the_query_in_the_server,),
    "tables, files and charts": (
        answers.test_a_table_that_is_too_long_comes_as_csv_and_on_demand_as_xlsx,
        answers.test_a_chart_that_slack_can_not_draw_comes_as_a_picture,
    ),
    "clarifications are buttons": (followups.test_a_choice_is_asked_once_by_whoever_pressed,),
    "/plan with Run, Edit and Cancel": (
        commands.test_plan_shows_all_and_runs_at_a_click,
        commands.test_a_plan_is_edited_and_cancelled,
    ),
    "/plan last": (commands.test_the_last_plan_of_a_channel_is_shown_alone,),
    "/sources and /crosstalk": (
        commands.test_sources_and_status_say_what_is_readable,
        commands.test_help_lists_every_command,
    ),
    "/history": (commands.test_history_asks_again,),
    "/schedule and alerts": (
        home.test_a_schedule_asks_in_its_channel,
        home.test_an_alert_tells_only_of_a_change,
    ),
    "feedback": (home.test_good_is_kept_and_bad_reaches_the_owners,),
    "Home": (
        home.test_home_shows_what_is_a_persons_own,
        home.test_home_shows_the_approvals_that_a_person_can_give,
        home.test_questions_are_asked_from_home,
    ),
    "settings": (
        home.test_a_time_zone_is_chosen_on_home,
        home.test_amounts_are_shown_in_a_chosen_currency,
    ),
    "only what the channel may see, or what its asker shares": (
        audience.test_a_public_channel_gets_a_line_and_the_asker_the_answer,
        audience.test_private_by_default_can_be_shared_once,
    ),
    "risk: the asker confirms, approvers decide, or it is forbidden": (
        approvals.test_a_medium_risk_is_confirmed_by_the_asker_alone,
        approvals.test_two_approvers_are_two_people,
        approvals.test_what_is_forbidden_says_why,
    ),
    "the card: Approve, Edit and Reject": (
        approvals.test_an_approved_question_is_answered_in_its_thread,
        bypasses.test_an_edit_is_another_request,
        approvals.test_a_rejection_is_told_with_its_reason,
    ),
    "one decision, on what was shown": (
        bypasses.test_two_clicks_at_once_run_once,
        bypasses.test_a_changed_schema_is_asked_anew,
    ),
    "who may decide": (
        bypasses.test_nobody_approves_their_own,
        bypasses.test_who_is_not_in_the_group_can_not_approve,
        bypasses.test_an_empty_or_unreadable_group_denies,
        bypasses.test_people_of_other_workspaces_can_not_approve,
    ),
    "reminder, escalation and expiry": (
        approvals.test_time_brings_reminder_escalation_and_end_once,
    ),
    "approvals outlive a restart": (approvals.test_waiting_outlives_a_restart,),
    "grants": (
        approvals.test_a_grant_spares_the_next_question_and_can_be_revoked,
        commands.test_grants_are_listed_and_revoked_by_those_who_may,
    ),
    "the thread as context": (history.test_a_thread_says_which_country,),
    "messages joined with databases": (history.test_messages_are_joined_with_customers,),
    "Real-time Search": (history.test_a_question_brings_the_right_to_search,),
    "only what the asker may read": (history.test_a_private_channel_is_not_told_in_a_public_one,),
    "an ack after the queue and before the work": (
        holding_up.test_what_could_not_be_written_down_is_not_acknowledged,
        stop.test_stop_ends_the_query_in_the_server,
    ),
    "retries and duplicates": (holding_up.test_what_is_told_again_is_answered_once,),
    "a restart goes on": (holding_up.test_a_question_goes_on_after_a_restart,),
    "429": (holding_up.test_a_limit_of_slack_s_is_waited_for,),
    "a workspace that leaves is forgotten": (variants.test_a_workspace_that_leaves_is_forgotten,),
    "OAuth, and every variant of the manifest": (variants.test_each_variant_is_enough_to_answer,),
}


def transports(test: Test) -> set[str]:
    """What a test is run over. OAuth is over HTTP, all other variants are over websockets."""
    marks: list[pytest.Mark] = getattr(test, "pytestmark", [])
    found = {mark.args[0]: {str(value) for value in mark.args[1]} for mark in marks}
    if "variant" in found:
        return {"http" if one == "distributed" else "websocket" for one in found["variant"]}
    return found.get("transport", set())


@pytest.mark.parametrize("row", ROWS)
def test_each_row_is_held_over_websockets_and_over_http(row: str) -> None:
    """Every test of a row runs twice: no row rests on one way alone."""
    for test in ROWS[row]:
        assert transports(test) == set(get_args(Transport)), test.__name__

"""The chain: whatever is done to its records is found, and where."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import ConfigurationError
from orchestrator.store import Head, Record, Seal
from tests.unit.audit.chains import AT, KEY, START, chain, head_of, verdict

SEALS = (Seal(), Seal([KEY]))
CHANGES: dict[str, Any] = {
    "seq": lambda record: record.seq + 1_000,
    "at": lambda record: record.at + timedelta(microseconds=1),
    "run_id": lambda record: f"{record.run_id}x",
    "what": lambda record: "rejected",
    "detail": lambda record: record.detail | {"rows": -1},
    "previous": lambda record: record.previous[::-1] + "0",
    "key": lambda record: "0badc0de",
    "hash": lambda record: "f" * 64,
}
"""For each field of a record, another value."""


@pytest.mark.parametrize("seal", SEALS)
def test_a_chain_as_it_was_written_is_whole(seal: Seal) -> None:
    """Of a chain that nobody touched, an empty one too, nothing is said."""
    for count in (0, 1, 7):
        records = chain(count, seal)
        found = verdict(records, head_of(records), seal=seal)
        assert (found.faults, found.records, found.last) == ((), count, count)


@given(st.data())
def test_any_change_is_found(data: st.DataObject) -> None:
    """Whatever field of whatever record is another, a fault names a record at or right after it."""
    seal = data.draw(st.sampled_from(SEALS))
    records = chain(data.draw(st.integers(1, 12)), seal)
    at = data.draw(st.integers(0, len(records) - 1))
    name = data.draw(st.sampled_from(sorted(CHANGES)))
    head, before = head_of(records), records[at]
    records[at] = replace(before, **{name: CHANGES[name](before)})
    found = verdict(records, head, seal=seal)
    assert {fault.seq for fault in found.faults} & {before.seq, before.seq + 1, records[at].seq}


@given(st.data())
def test_any_removal_is_found(data: st.DataObject) -> None:
    """Records that are taken out, at the beginning, in between or at the end, are missed."""
    records = chain(data.draw(st.integers(1, 12)))
    gone = data.draw(st.sets(st.sampled_from(records).map(lambda one: one.seq), min_size=1))
    left = [record for record in records if record.seq not in gone]
    assert verdict(left, head_of(records)).faults


@given(st.data())
def test_any_reorder_is_found(data: st.DataObject) -> None:
    """Records in another order are faults, also when their numbers are made to fit it."""
    records = chain(data.draw(st.integers(2, 12)))
    moved = data.draw(st.permutations(records).filter(lambda some: some != records))
    assert verdict(moved, head_of(records)).faults
    fitted = [replace(record, seq=seq) for seq, record in enumerate(moved, 1)]
    assert verdict(fitted, head_of(fitted)).faults


@given(st.integers(1, 12), st.integers(0, 11))
def test_a_record_put_in_is_found(count: int, at: int) -> None:
    """A record with a hash that fits it is a fault all the same when it was not there before."""
    records = chain(count)
    put_in = chain(1, after=Head(at, "e" * 64))
    shifted = [replace(one, seq=one.seq + 1) for one in records[at:]]
    assert verdict([*records[:at], *put_in, *shifted], head_of(records)).faults


@given(st.integers(1, 6), st.integers(1, 6))
def test_the_end_of_another_chain_is_found(count: int, more: int) -> None:
    """Records that are whole, numbered on and have the head that they end in are a fault where they
    do not follow what stands before them."""
    records = chain(count)
    records += chain(more, after=Head(count, "e" * 64))
    found = verdict(records, head_of(records))
    assert [fault.seq for fault in found.faults] == [count + 1]


@given(st.integers(2, 12), st.data())
def test_a_head_kept_elsewhere_finds_a_chain_written_anew(count: int, data: st.DataObject) -> None:
    """A chain that was cut short or made anew, with its head, is found by an older head alone."""
    records = chain(count)
    anchor = data.draw(st.sampled_from(records).map(lambda one: Head(one.seq, one.hash)))
    assert not verdict(records, head_of(records), anchor=anchor).faults
    short = records[: data.draw(st.integers(0, anchor.seq - 1))]
    assert not verdict(short, head_of(short)).faults
    assert verdict(short, head_of(short), anchor=anchor).faults
    anew = Seal().link(START, AT, [(one.run_id, "answered", {}) for one in records])
    assert not verdict(anew, head_of(anew)).faults
    assert verdict(anew, head_of(anew), anchor=anchor).faults


def test_a_key_finds_a_chain_written_anew() -> None:
    """Without the key no hash can be made: what is made anew without one, or with another, is a
    fault where keyed records stand before it."""
    seal = Seal([KEY])
    records = chain(3, seal)
    for forger in (Seal(), Seal(["another key, as long"])):
        forged = [*records, *chain(2, forger, after=head_of(records))]
        found = verdict(forged, head_of(forged), seal=seal)
        assert {fault.seq for fault in found.faults} == {4, 5}


def test_a_key_may_come_and_change() -> None:
    """Records from before the key are told of, and those of an old key are known while it is."""
    old, new = Seal([KEY]), Seal(["the next key, as long", KEY])
    records = chain(2)
    records += chain(2, old, after=head_of(records))
    records += chain(2, new, after=head_of(records))
    found = verdict(records, head_of(records), seal=new)
    assert (found.faults, found.unkeyed) == ((), 2)
    assert "CROSSTALK_AUDIT_KEY" in verdict(records, head_of(records), seal=old).faults[0].message


def test_a_short_key_is_refused() -> None:
    """A key that could be guessed is a ConfigurationError, and is not in it."""
    with pytest.raises(ConfigurationError, match="CROSSTALK_AUDIT_KEY") as refused:
        Seal(["hunter2"])
    assert "hunter2" not in str(refused.value)


def test_what_was_pruned_is_known_by_its_record() -> None:
    """A chain may begin later where a record tells of the pruning, and only there."""
    records = chain(4)
    detail = {"through": 2, "hash": records[1].hash, "records": 2}
    left = [*records[2:], *Seal().link(head_of(records), AT, [("", "pruned", detail)])]
    assert not verdict(left, head_of(left)).faults
    assert verdict(left[1:], head_of(left)).faults
    assert verdict(records[2:], head_of(records)).faults
    kept = Head(2, records[1].hash)
    assert not verdict(left, head_of(left), anchor=kept).faults
    assert verdict(left, head_of(left), anchor=Head(1, records[0].hash)).faults


def test_a_head_that_was_taken_away_is_found() -> None:
    """Without the row of the head, or with another in it, the chain is not whole."""
    records = chain(2)
    assert verdict(records, None).faults
    assert verdict(records, Head(2, "0" * 64)).faults


def test_the_canonical_form_does_not_change() -> None:
    """The form that is hashed is fixed: else chains that were written could not be verified."""
    record = Record(1, AT, "r1", "answered", {"b": [1, 0.5, None], "a": "é"}, "0" * 64)
    assert record.canonical == (
        b'{"at":"2026-06-15T12:00:00.000000+00:00","detail":{"a":"\\u00e9","b":[1,0.5,null]},'
        b'"key":"","previous":"' + b"0" * 64 + b'","run_id":"r1","seq":1,"what":"answered"}'
    )

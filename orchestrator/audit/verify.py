"""Whether a chain of records is whole: any change, removal or reorder is found, and where."""

from dataclasses import dataclass, field

from orchestrator.store.chain import GENESIS, Head, Record, Seal
from orchestrator.store.trail import PRUNED


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is wrong at the record `seq`, or about it; `message` says what, for people."""

    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at (`first` to `last`, 0 of an empty chain), and what is wrong with it.

    The records up to `unkeyed` bear no key: who can rewrite the whole store can make them anew.
    """

    records: int
    first: int
    last: int
    unkeyed: int
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Verifier:
    """Looks at records one after the other, in the order of the chain, then at its end.

    `anchor` is a head that was kept elsewhere.
    """

    seal: Seal
    anchor: Head | None = None
    _first: Record | None = None
    _last: Record | None = None
    _count: int = 0
    _unkeyed: int = 0
    _is_keyed: bool = False
    _met_anchor: bool = False
    _pruned: Head | None = None
    _faults: list[Fault] = field(default_factory=list[Fault])

    def see(self, record: Record) -> None:
        """Look at the next record."""
        self._count += 1
        if self._last is None:
            self._first = record
        else:
            self._follows(record, self._last)
        self._last = record
        self._is_whole(record)
        self._is_sealed(record)
        if self.anchor is not None and record.seq == self.anchor.seq:
            self._met_anchor = True
            if record.hash != self.anchor.hash:
                self._fault(record.seq, "is not the record of the head that was kept elsewhere")

    def end(self, head: Head | None) -> Verdict:
        """The verdict, with the head as the store has it."""
        last = Head(self._last.seq, self._last.hash) if self._last else Head(0, GENESIS)
        if head is None:
            self._fault(last.seq, "is the last, but the chain's head was taken away")
        elif head.seq > last.seq:
            self._fault(last.seq + 1, f"is missing, with all after it up to {head.seq}")
        elif head != last:
            self._fault(last.seq, "is the last, but the chain's head tells of another one")
        self._begins()
        if self.anchor is not None and not self._met_anchor:
            self._finds(self.anchor, last)
        first = self._first.seq if self._first else 0
        faults = tuple(sorted(self._faults, key=lambda fault: fault.seq))
        return Verdict(self._count, first, last.seq, self._unkeyed, faults)

    def _follows(self, record: Record, last: Record) -> None:
        if record.seq <= last.seq:
            self._fault(record.seq, f"stands after {last.seq}")
        elif record.seq > last.seq + 1:
            missing = (
                f"{last.seq + 1}"
                if record.seq == last.seq + 2
                else (f"{last.seq + 1} to {record.seq - 1}")
            )
            self._fault(record.seq, f"comes after a gap: {missing} missing")
        elif record.previous != last.hash:
            self._fault(record.seq, f"does not follow {last.seq}: one of them was put in")

    def _is_whole(self, record: Record) -> None:
        made = self.seal.hash(record)
        if made is None:
            said = f"is sealed with the key {record.key}, which CROSSTALK_AUDIT_KEY does not have"
            self._fault(record.seq, said)
        elif made != record.hash:
            self._fault(record.seq, "was changed: its hash is another")
        elif record.what == PRUNED:
            self._pruned = Head(record.detail["through"], record.detail["hash"])

    def _is_sealed(self, record: Record) -> None:
        if record.key:
            self._is_keyed = True
        elif self._is_keyed:
            self._fault(record.seq, "bears no key, though records before it do")
        else:
            self._unkeyed = record.seq

    def _begins(self) -> None:
        """The first record is the chain's first, or what was before it was let go on record."""
        if self._first is None:
            return
        seq, before = self._first.seq, Head(self._first.seq - 1, self._first.previous)
        if before.seq > 0 and before != self._pruned:
            self._fault(seq, "is the first, and no pruning tells of those before it")
        elif before.seq == 0 and before.hash != GENESIS:
            self._fault(seq, "is the first, but follows another one")

    def _finds(self, anchor: Head, last: Head) -> None:
        if anchor.seq > last.seq:
            said = f"is the last, but the head that was kept elsewhere is {anchor.seq}"
            self._fault(last.seq, f"{said}: what came between is gone")
        elif anchor == Head(0, GENESIS) or anchor == self._pruned:
            return
        else:
            said = "is that of the head kept elsewhere, and can't be checked: it is not here"
            self._fault(anchor.seq, f"{said}. Keep a newer head")

    def _fault(self, seq: int, said: str) -> None:
        self._faults.append(Fault(seq, f"Record {seq} {said}."))

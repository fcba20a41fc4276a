"""A drill from its first tick to its proof.

Time is sped up: a tick moves Djobea's clock and the simulator's by some seconds, and then waits until the workers have
done what is due. So a drill of a quarter of an hour takes about a minute. Faults of the database pass, and the drill
waits for it like everybody else.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Final, TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from djobea.drills import proof, watching
from djobea.drills.script import Script, Step
from djobea.drills.twilio import SimulatedTwilio
from djobea.postgres.base import embedded_server
from notifications import clock, contacts, database_faults, outbox
from notifications.models import AlertState, Clock, Notification

T = TypeVar("T")
TICK: Final = 15.0  # seconds of the drill's time; shorter than any lease
PACE: Final = 1.2  # seconds that a tick takes at least: workers look at their duties once a second
PATIENCE: Final = 20.0  # seconds that a tick waits at most until all that is due is done
PEOPLE: Final = 6
# After the script: time enough for every retry and look-up, and then for a whole day's limit to be free again.
AFTERWARDS: Final = (15.0,) * 8 + (60.0,) * 10 + (600.0,) * 6 + (3600.0,) * 26
PURPOSE: Final = "job_news"


@dataclass
class Report:
    """What was seen, and what was lost."""

    title: str
    seen: list[tuple[float, str]] = field(default_factory=list)  # seconds of the drill's time, sentence
    losses: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    fates: dict[str, int] = field(default_factory=dict)
    inbound: int = 0
    took: float = 0.0  # seconds by the wall

    @property
    def is_passed(self) -> bool:
        """Nothing lost, and staff saw what they had to see."""
        return not self.losses and not self.unmet


class Drill:
    """One run. `say` is told each sentence when it is seen."""

    def __init__(self, script: Script, twilio: SimulatedTwilio, say: Callable[[float, str], None]) -> None:
        self.script, self.twilio, self.say = script, twilio, say
        self.report = Report(script.title)
        self.passed = 0.0
        self.sent: list[int] = []
        self.written: list[str] = []
        self.owed = 0.0
        self.sight = watching.Sight()
        self.begun: datetime = patiently(clock.now)
        stamp = int(time.time()) % 100_000
        self.numbers = [f"+2376{number}{stamp:05}" for number in range(701, 701 + PEOPLE)]

    def run(self) -> Report:
        """Play the script, let everything settle, and prove."""
        began = time.monotonic()
        self.twilio.clear()
        self._people_write()
        steps = list(self.script.steps)
        self.sight = patiently(lambda: watching.look(clock.now(), since=self.begun))
        try:
            while self.passed < self.script.minutes * 60:
                while steps and steps[0].at_seconds <= self.passed:
                    self._do(steps.pop(0))
                self._traffic(TICK)
                self._tick(TICK)
        finally:
            self._end()
        for seconds in AFTERWARDS:
            if self._is_all_settled():
                break
            self._tick(seconds)
        self._prove()
        self.report.took = time.monotonic() - began
        return self.report

    # --- what happens -------------------------------------------------------------------------------------------

    def _people_write(self) -> None:
        for number in self.numbers:
            self.twilio.born(number, f"Exercice {number[-4:]}")
            self.written.append(self.twilio.writes(number, "aide"))
            patiently(partial(_open_window, number))
        self._tick(TICK)

    def _do(self, step: Step) -> None:
        self._see(f"» {step.says}")
        if step.clear:
            self.twilio.clear()
        if step.faults:
            self.twilio.call("faults", list(step.faults))
        if step.restart_database:
            self._see(restart_database())

    def _traffic(self, seconds: float) -> None:
        """Messages to people, every other one urgent, and somebody who writes."""
        self.owed += self.script.messages_a_minute * seconds / 60
        while self.owed >= 1:
            self.owed -= 1
            number = self.numbers[len(self.sent) % PEOPLE]
            self.sent.append(patiently(partial(_enqueue, number, len(self.sent))))
        if self.passed % 60 < TICK:
            self.written.append(self.twilio.writes(self.numbers[len(self.written) % PEOPLE], "aide"))

    def _end(self) -> None:
        """No fault outlives the drill, but for those that the script leaves on: a limit is a fact, not an outage."""
        if any(step.clear for step in self.script.steps):
            self.twilio.clear()

    # --- time ---------------------------------------------------------------------------------------------------

    def _tick(self, seconds: float) -> None:
        self._wait_until_done()
        self.passed += seconds
        patiently(lambda: _move_clock(seconds))
        self.twilio.advance(seconds)
        time.sleep(PACE)
        self._wait_until_done()
        now = patiently(lambda: watching.look(clock.now(), since=self.begun))
        for sentence in watching.changes(self.sight, now):
            self._see(sentence)
        self.sight = now

    def _wait_until_done(self) -> None:
        give_up = time.monotonic() + PATIENCE
        while patiently(lambda: proof.is_busy(clock.now())) and time.monotonic() < give_up:
            time.sleep(0.05)

    def _see(self, sentence: str) -> None:
        self.report.seen.append((self.passed, sentence))
        self.say(self.passed, sentence)

    # --- the end ------------------------------------------------------------------------------------------------

    def _is_all_settled(self) -> bool:
        is_open = any(self._matching(pattern, AlertState.OPEN) for pattern in self.script.expects)
        return not is_open and not patiently(lambda: proof.unsettled(self.sent)) and not self._unread()

    def _unread(self) -> bool:
        return patiently(lambda: any(proof.losses([], self.written, self.twilio)))

    def _matching(self, pattern: str, *states: str) -> list[str]:
        return [
            fingerprint
            for fingerprint, _title, state in self.sight.alerts.values()
            if fnmatchcase(fingerprint, pattern) and (not states or state in states)
        ]

    def _prove(self) -> None:
        self.report.losses = patiently(lambda: list(proof.losses(self.sent, self.written, self.twilio)))
        self.report.unmet = list(self._unmet())
        rows = Notification.objects.filter(pk__in=self.sent).values_list("status", flat=True)
        for status in rows:
            self.report.fates[status] = self.report.fates.get(status, 0) + 1
        self.report.inbound = len(self.written)
        self.twilio.clear()

    def _unmet(self) -> Iterator[str]:
        for pattern in self.script.expects:
            if not self._matching(pattern):
                yield _("staff saw no alert %(name)s") % {"name": pattern}
            elif self._matching(pattern, AlertState.OPEN, AlertState.ACKNOWLEDGED):
                yield _("the alert %(name)s did not end by itself") % {"name": pattern}


def patiently(ask: Callable[[], T]) -> T:
    """The answer of the database, as soon as it gives one. Raises what is no fault that passes, or lasts a minute."""
    give_up = time.monotonic() + 60
    while True:
        try:
            return ask()
        except Exception as error:
            if not database_faults.passes(error) or time.monotonic() > give_up:
                raise
            connection.close()
            time.sleep(0.2)


def restart_database() -> str:
    """Stop and start the embedded server; another one's connections are all cut, which is what its clients notice."""
    if connection.settings_dict["ENGINE"] == "djobea.postgres":
        connection.close()
        server = embedded_server()
        server.stop()
        server.start()
        return _("the embedded PostgreSQL was stopped and started")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        count = cursor.fetchone()[0]
    connection.close()
    return _("all %(count)d connections to the database were cut") % {"count": count}


def _move_clock(seconds: float) -> None:
    row = Clock.objects.filter(pk=1).first()
    clock.set_offset((row.offset_seconds if row else 0) + seconds)


def _open_window(number: str) -> None:
    with transaction.atomic():
        contact = contacts.for_number(number)
        contact.last_inbound_at = clock.now()
        contact.save(update_fields=["last_inbound_at"])


def _enqueue(number: str, count: int) -> int:
    with transaction.atomic():
        row = outbox.enqueue(
            purpose=PURPOSE, phone_number=number, body=f"Exercice : message {count}.", urgent=count % 2 == 0
        )
    return row.pk

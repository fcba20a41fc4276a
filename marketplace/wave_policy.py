"""How wide, how long and how often we ask: the numbers of dispatch."""

from datetime import timedelta
from typing import Final

from marketplace.models import Urgency
from providers.matching import Level

# Waves and sizes as benchmarks/dispatch.py found them best: benchmarks/README.md says what was traded for what.
WAVE_LASTS: Final = {  # then the next providers are asked, too
    Urgency.EMERGENCY: timedelta(minutes=4),
    Urgency.TODAY: timedelta(minutes=5),
    Urgency.SCHEDULED: timedelta(minutes=15),
    Urgency.UNSPECIFIED: timedelta(minutes=5),
}
LATE_STILL_WINS: Final = timedelta(minutes=60)  # after the end of an offer, while nobody else has the job
SEARCH_FOR: Final = {  # then the search ends, and the customer is told
    Urgency.EMERGENCY: timedelta(hours=6),
    Urgency.TODAY: timedelta(hours=12),
    Urgency.SCHEDULED: timedelta(days=3),
    Urgency.UNSPECIFIED: timedelta(hours=24),
}
WAVE_SIZE: Final = {Urgency.EMERGENCY: 8, Urgency.TODAY: 5, Urgency.SCHEDULED: 3, Urgency.UNSPECIFIED: 4}
# Waves are wider where offers are taken more often than usual, by this power of the relation, and narrower the other way.
USUALLY_TAKEN: Final = 0.125  # of the offers
STEEPNESS: Final = 4
NARROWEST: Final = 0.5
WIDEST: Final = 1.15
LAST_OFFERS: Final = 800  # that are looked at
BELIEF: Final = 100  # offers taken as usual, which count beside them
LEVELS: Final = (Level.EXACT, Level.BROAD, Level.EMERGENCY)
SILENT_TOO_OFTEN: Final = 8  # offers in a row without an answer, then staff look at the provider
CONFIRM_WITHIN: Final = {  # of knowing whose job it is; asked once more at half of it, then the job goes to another
    Urgency.EMERGENCY: timedelta(minutes=6),
    Urgency.TODAY: timedelta(minutes=20),
    Urgency.SCHEDULED: timedelta(hours=2),
    Urgency.UNSPECIFIED: timedelta(minutes=40),
}
HOLD_LASTS: Final = timedelta(hours=12)  # for good, it would empty the market within days (benchmarks/README.md)
KEPT_BACK: Final = 2  # messages of the budget that a match needs: who comes, and whose job it is

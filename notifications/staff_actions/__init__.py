"""What staff do by hand with messages and channels; each action says beforehand what it would do, and leaves a trace.

`foresee()` is the dry run. `retry()`, `move()` and `cancel()` walk through any number of messages in short batches;
what they do not finish at once, the worker goes on with (`advance_due`). `edit()` changes one message and sends it.
"""

from .channels import foresee_channel, pause_channel, resume_channel
from .editing import EDITABLE, edit
from .execution import advance, advance_due, cancel, move, retry, stop
from .fates import Fate
from .forecast import Budget, Forecast, Stream, Wait, foresee
from .selection import CRITERIA, Selection, matching, number_prefix

__all__ = [
    "CRITERIA",
    "EDITABLE",
    "Budget",
    "Fate",
    "Forecast",
    "Selection",
    "Stream",
    "Wait",
    "advance",
    "advance_due",
    "cancel",
    "edit",
    "foresee",
    "foresee_channel",
    "matching",
    "move",
    "number_prefix",
    "pause_channel",
    "resume_channel",
    "retry",
    "stop",
]

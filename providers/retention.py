"""What the network forgets by itself: nothing so far, since a provider stays until staff removes them.

`purge` runs the list of each app; whoever adds a record here that ages adds its function there.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

# Each function takes the time, deletes what is past its age, and returns how many rows that were.
PURGES: Final[list[Callable[[datetime], int]]] = []

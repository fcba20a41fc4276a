"""What the network forgets by itself: nothing so far, since a provider stays until staff remove or erase them.

`purge` runs the list of each app; whoever adds a record here that ages adds its kind there.
"""

from typing import Any, Final

KINDS: Final[tuple[Any, ...]] = ()

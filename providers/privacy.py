"""Whether a page may show who a provider is. The house says so (`djobea`); until it has, everybody may see."""

from collections.abc import Callable


def _whole(name: str) -> str:
    return name


def _nobody() -> bool:
    return False


_shown: Callable[[str], str] = _whole
_is_hidden: Callable[[], bool] = _nobody


def decide_by(*, shown: Callable[[str], str], is_hidden: Callable[[], bool]) -> None:
    """Names are shown as `shown` says, and `is_hidden` tells whether anything is kept back: asked anew for each reader."""
    global _shown, _is_hidden
    _shown, _is_hidden = shown, is_hidden


def shown_name(name: str) -> str:
    """A provider's name as the reader of this page may see it."""
    return _shown(name)


def is_hidden() -> bool:
    """Whether the reader of this page may not see who a provider is."""
    return _is_hidden()

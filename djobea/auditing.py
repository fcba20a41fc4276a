"""The self-audit of the whole: the checks of all apps in one run."""

from datetime import datetime

import marketplace.audit
import notifications.audit
import providers.audit


def audit(at: datetime) -> list[str]:
    """Run every check and return the breaches, one sentence each; an alert is raised or ended accordingly."""
    checks = [*providers.audit.AUDITS, *notifications.audit.AUDITS, *marketplace.audit.AUDITS]
    breaches = [breach for check in checks for breach in check(at)]
    notifications.audit.report(breaches, at)
    return breaches

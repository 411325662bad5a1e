"""Passes a message on to people: to Slack, Teams, a webhook, by mail; whatever Apprise knows."""

import logging

logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines repeat addresses: secrets


def send(addresses: str, *, title: str, body: str) -> list[str]:
    """Send to every address (Apprise's URLs, separated by spaces); give what went wrong.

    An address is told by its place in the list, for it may hold a token. One that does not answer
    is given up after seconds.
    """
    import apprise  # noqa: PLC0415 - needed when something failed, not whenever definitions load

    problems: list[str] = []
    for number, address in enumerate(addresses.split(), start=1):
        service = apprise.Apprise.instantiate(address)
        if not isinstance(service, apprise.NotifyBase):
            problems.append(f"Address {number} of ALERT_URLS is none that Apprise understands.")
        elif not service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT):
            problems.append(f"Address {number} of ALERT_URLS ({service.service_name}) refused.")
    return problems

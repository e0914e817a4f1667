"""Who subscribes, and what each asks for."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from inbox import Inbox


@dataclass
class Subscriber:
    """What it asks for, in words and as a filter policy, and what that should let through."""

    name: str
    how: str
    words: str
    wants: Callable[[dict], bool]
    filter_policy: dict = field(default_factory=dict)
    filter_scope: str = "MessageAttributes"
    inbox: Inbox = field(default_factory=Inbox)

    def filter_attributes(self):
        if not self.filter_policy:
            return {}
        return {
            "FilterPolicy": json.dumps(self.filter_policy),
            "FilterPolicyScope": self.filter_scope,
        }

    def wanted(self, changes):
        return {change["number"] for change in changes if self.wants(change)}

    def lacks(self, changes):
        return self.wanted(changes) - self.inbox.changes().keys()

    def did_not_ask_for(self, changes):
        return self.inbox.changes().keys() - self.wanted(changes)


# Queues.
PURCHASING = Subscriber(
    "purchasing",
    "queue",
    "fewer than 10 in stock",
    lambda change: change["in_stock"] < 10,
    {"in_stock": [{"numeric": ["<", 10]}]},
    "MessageBody",
)
WEB_SHOP = Subscriber(
    "web-shop",
    "queue",
    "garden and toys",
    lambda change: change["category"] in ("garden", "toys"),
    {"category": ["garden", "toys"]},
)
AUDIT = Subscriber("audit", "queue, raw", "everything", lambda change: True)

# Web endpoints. The last two go down: one for a while, one for good.
SHELF_LABELS = Subscriber(
    "shelf-labels",
    "webhook",
    "all but garden",
    lambda change: change["category"] != "garden",
    {"category": [{"anything-but": "garden"}]},
)
SUPPLIER = Subscriber(
    "supplier",
    "webhook, down for a while",
    "sales",
    lambda change: change["change"] < 0,
    {"change": [{"numeric": ["<", 0]}]},
)
OLD_TILL = Subscriber(
    "old-till",
    "dead-letter queue of a webhook",
    "kitchen deliveries",
    lambda change: change["category"] == "kitchen" and change["change"] > 0,
    {"category": ["kitchen"], "change": [{"numeric": [">", 0]}]},
)

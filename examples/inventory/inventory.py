"""An inventory service publishes a message for each stock change.

The purchasing system, the web shop and others each get the ones they asked for, at once, whether
they are queues or web endpoints. A dead one loses nothing and delays nobody.
"""

import contextlib
import json
import time
import urllib.error
import urllib.request

from queue_reader import QueueReader
from server import client, command_line, server
from stock import stock_changes
from story import finish, print_table, tell, wait_until
from subscribers import AUDIT, OLD_TILL, PURCHASING, SHELF_LABELS, SUPPLIER, WEB_SHOP
from topic import IMPATIENT, PATIENT, StockTopic
from webhook import Webhook

ALIVE = [PURCHASING, WEB_SHOP, AUDIT, SHELF_LABELS]
EVERYONE = [*ALIVE, SUPPLIER, OLD_TILL]
CHANGES = 30
DOWN_SECONDS = 4
# What nobody asked for would have arrived this long after the rest.
SETTLE_SECONDS = 1


def main():
    with server(command_line(__doc__)) as endpoint, contextlib.ExitStack() as cleanup:
        finish(Story(endpoint, cleanup).run())


class Story:
    """What happens, and what should have come of it."""

    def __init__(self, endpoint, cleanup):
        self.endpoint = endpoint
        self.sqs = client("sqs", endpoint)
        self.topic = StockTopic(client("sns", endpoint), self.sqs)
        # Undone at the end, last things first.
        self.cleanup = cleanup
        cleanup.callback(self.topic.delete)
        self.changes = list(stock_changes(CHANGES))
        self.published_at = {}

    def run(self):
        """Returns what is not as it should be."""
        self.subscribe_queue(PURCHASING)
        self.subscribe_queue(WEB_SHOP)
        self.subscribe_queue(AUDIT, raw=True)
        labels, _ = self.subscribe_webhook(SHELF_LABELS, PATIENT)
        supplier, _ = self.subscribe_webhook(SUPPLIER, PATIENT)
        old_till, old_till_failed = self.subscribe_webhook(OLD_TILL, IMPATIENT)
        tell(f"{len(EVERYONE)} have subscribed; the three web endpoints among them have confirmed.")

        supplier.go_down()
        old_till.go_down()
        self.publish()
        self.wait_for(ALIVE)
        tell("Two endpoints are down. The others have got what they asked for.")

        time.sleep(DOWN_SECONDS)
        supplier.come_back()
        self.read(old_till_failed, OLD_TILL)
        tell(f"After {DOWN_SECONDS} seconds one is back. The other never comes back …")
        self.wait_for([SUPPLIER, OLD_TILL])
        time.sleep(SETTLE_SECONDS)

        self.print_summary()
        return [*self.wrong_deliveries(), *self.taken_forgeries(labels)]

    def subscribe_queue(self, subscriber, raw=False):
        self.read(self.topic.subscribe_queue(subscriber, raw), subscriber, raw)

    def read(self, queue_url, subscriber, raw=False):
        reader = QueueReader(self.sqs, queue_url, subscriber.inbox, raw)
        reader.start()
        self.cleanup.callback(reader.stop)

    def subscribe_webhook(self, subscriber, retries):
        """Returns the endpoint, and the queue with what it could not be given."""
        webhook = Webhook(self.topic.arn, self.endpoint, subscriber.inbox)
        self.cleanup.callback(webhook.stop)
        failed_url = self.topic.subscribe_webhook(subscriber, webhook.url, retries)
        wait_until(webhook.confirmed.is_set, f"{subscriber.name} has confirmed")
        return webhook, failed_url

    def publish(self):
        began = time.monotonic()
        for change in self.changes:
            self.published_at[change["number"]] = time.monotonic()
            self.topic.publish(change)
        took_ms = 1000 * (time.monotonic() - began)
        tell(f"{CHANGES} stock changes are published, in {took_ms:.0f} ms.")

    def wait_for(self, subscribers):
        names = ", ".join(subscriber.name for subscriber in subscribers)
        wait_until(
            lambda: not any(subscriber.lacks(self.changes) for subscriber in subscribers),
            f"{names} got what they asked for",
        )

    def print_summary(self):
        rows = [
            [
                subscriber.name,
                subscriber.how,
                subscriber.words,
                len(subscriber.wanted(self.changes)),
                len(subscriber.inbox.changes()),
                round(1000 * subscriber.inbox.slowest(self.published_at)),
            ]
            for subscriber in EVERYONE
        ]
        tell("")
        print_table(["subscriber", "how", "asked for", "wanted", "got", "slowest, ms"], rows)

    def wrong_deliveries(self):
        for subscriber in EVERYONE:
            if lacks := subscriber.lacks(self.changes):
                yield f"{subscriber.name} lacks {sorted(lacks)}"
            if unwanted := subscriber.did_not_ask_for(self.changes):
                yield f"{subscriber.name} got {sorted(unwanted)}, for which it did not ask"

    def taken_forgeries(self, webhook):
        """A genuine message with another text, which a web endpoint must not take."""
        if webhook.latest is None:
            return  # That it got nothing is said elsewhere.
        forged = {**webhook.latest, "Message": json.dumps({**self.changes[0], "change": 1_000_000})}
        post = urllib.request.Request(webhook.url, json.dumps(forged).encode(), method="POST")
        try:
            urllib.request.urlopen(post, timeout=10).close()
            yield "a forged message was taken"
        except urllib.error.HTTPError as refusal:
            tell(f"\nA forged message was answered {refusal.code} by the web endpoint it went to.")


if __name__ == "__main__":
    main()

"""A guest books a room, and one message tells everybody.

The back office has a queue, the room plan is kept by a function, the guest has a mail box, a phone
and an app, and there is an app at the reception.
"""

import json
import re
import textwrap
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from server import client
from story import tell, wait_until
from texts import texts
from topic import BookingsTopic
from worker import workers

BOOKING = {
    "booking_id": "A-1007",
    "guest": "Ada",
    "room": 7,
    "arrival": "2027-03-01",
    "departure": "2027-03-04",
}
# Somebody else's, which is not Ada's business.
OTHER_BOOKING = {**BOOKING, "booking_id": "B-1008", "guest": "Ben", "room": 8}
MAIL, PHONE = "ada@mail.example", "+15550100007"
# The mail before it asks whether mail is wanted.
FIRST_LETTER = 1
# What apps are known by at the push services.
ADAS_APP, RECEPTION_APP = "ada0" * 16, "reception:1"


@dataclass
class Receiver:
    """Somebody who should get a text: which one, of which bookings, and what came."""

    who: str
    text: str
    received: Callable[[], list[str]]
    bookings: tuple = (BOOKING,)

    def expected(self):
        return [texts(booking)[self.text] for booking in self.bookings]

    def lacks(self):
        came = self.received()
        return [text for text in self.expected() if not any(text in it for it in came)]

    def did_not_ask_for(self):
        return [it for it in self.received() if not any(text in it for text in self.expected())]


class Confirmation:
    """What happens, and what should have come of it."""

    def __init__(self, endpoint, peers):
        self.sqs = client("sqs", endpoint)
        self.topic = BookingsTopic(client("sns", endpoint), self.sqs, client("lambda", endpoint))
        self.peers = peers
        # What the back office has read from its queue.
        self.orders = []
        everybodys = (OTHER_BOOKING, BOOKING)
        self.receivers = [
            Receiver("back office's queue", "sqs", self.orders.copy, everybodys),
            Receiver("room plan's function", "lambda", peers.rooms, everybodys),
            Receiver("reception's app", "GCM", lambda: peers.pushed(RECEPTION_APP), everybodys),
            Receiver("Ada's mail box", "email", lambda: peers.mails(MAIL)[FIRST_LETTER:]),
            Receiver("Ada's phone", "sms", lambda: peers.text_messages(PHONE)),
            Receiver("Ada's app", "APNS", lambda: peers.pushed(ADAS_APP)),
        ]

    def run(self):
        """Returns what is not as it should be."""
        queue_url = self.subscribe()
        if not self.confirm_by_mail():
            return [f"{MAIL} was not asked whether it wants mail"]
        with workers(1, self.sqs, queue_url, lambda order: self.orders.append(json.dumps(order))):
            self.publish(OTHER_BOOKING)
            self.publish(BOOKING)
        self.tell_what_came()
        return list(self.problems())

    def subscribe(self):
        """Returns the URL of the back office's queue."""
        url = self.topic.subscribe_queue("back-office")
        plan = {"ROOM_PLAN": str(self.peers.room_plan)}
        self.topic.subscribe_function("room-plan", plan)
        self.topic.subscribe_app("GCM", self.peers.push_credentials("GCM"), RECEPTION_APP)
        ada = BOOKING["guest"]
        self.topic.subscribe("email", MAIL, ada)
        self.topic.subscribe("sms", PHONE, ada)
        self.topic.subscribe_app("APNS", self.peers.push_credentials("APNS"), ADAS_APP, ada)
        tell(f"{len(self.receivers)} subscribe to bookings. Ada's filter policy lets hers through.")
        return url

    def confirm_by_mail(self):
        """Ada opens the link in the first mail, and presses the button on its page.

        Returns whether there was such a mail.
        """
        if not wait_until(lambda: self.peers.mails(MAIL), "Ada is asked whether she wants mail"):
            return False
        question = self.peers.mails(MAIL)[0]
        link = re.search(r"http\S+/confirmation\.html\S+", question)[0]
        with urllib.request.urlopen(link, data=b"") as page:
            page.read()
        tell("Ada has confirmed by the link in her mail that she wants mail.")
        return True

    def publish(self, booking):
        tell(f"{booking['guest']} books: one message is published …")
        self.topic.publish(booking)
        wait_until(
            lambda: not any(texts(booking)[it.text] in it.lacks() for it in self.receivers),
            f"{booking['booking_id']} has reached everybody",
        )

    # What came of it.

    def tell_what_came(self):
        tell(f"\nWhat Ada's message, {BOOKING['booking_id']}, became:")
        for receiver in self.receivers:
            tell(f"\n  {receiver.who}:")
            wanted = texts(BOOKING)[receiver.text]
            for received in receiver.received():
                if wanted in received:
                    tell(textwrap.indent(received.strip(), "    "))
        tell("")

    def problems(self):
        for receiver in self.receivers:
            for text in receiver.lacks():
                yield f"{receiver.who} did not get {text!r}"
            for text in receiver.did_not_ask_for():
                yield f"{receiver.who} got what it should not: {text!r}"

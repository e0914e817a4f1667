"""A subscriber that reads a queue."""

import json
import threading

# How long a receive waits for messages, and so how long stopping takes at most.
WAIT_SECONDS = 1


class QueueReader(threading.Thread):
    """Receives until it is stopped, and deletes what it has put into the inbox.

    A topic puts its envelope into a queue, a JSON object with the message and who sent it. With raw
    delivery it puts the message itself there, and the message's attributes beside it.
    """

    def __init__(self, sqs, queue_url, inbox, raw=False):
        super().__init__()
        self._sqs = sqs
        self._queue_url = queue_url
        self._inbox = inbox
        self._raw = raw
        self._stopping = threading.Event()

    def run(self):
        while not self._stopping.is_set():
            answer = self._sqs.receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS
            )
            for message in answer.get("Messages", []):
                text = message["Body"] if self._raw else json.loads(message["Body"])["Message"]
                self._inbox.put(json.loads(text))
                self._sqs.delete_message(
                    QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
                )

    def stop(self):
        self._stopping.set()
        self.join()

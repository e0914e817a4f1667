"""Works off a queue in the background."""

import contextlib
import json
import threading

# How long a receive waits for a message, and so how long stopping takes at most.
WAIT_SECONDS = 1
# A failed message is tried again after this, and not only when its visibility timeout is over.
RETRY_SECONDS = 1


class Worker(threading.Thread):
    """Hands one message after the other to `handle`.

    A message is deleted once `handle` has returned. If `handle` raises, or the worker dies, the
    message is still in the queue and becomes visible again; the queue's redrive policy says how
    often until it goes to the dead-letter queue.
    """

    def __init__(self, sqs, queue_url, handle):
        super().__init__()
        self.failures = 0
        self._sqs = sqs
        self._queue_url = queue_url
        self._handle = handle
        self._stopping = threading.Event()

    def run(self):
        while not self._stopping.is_set():
            answer = self._sqs.receive_message(
                QueueUrl=self._queue_url, WaitTimeSeconds=WAIT_SECONDS
            )
            for message in answer.get("Messages", []):
                self._work_off(message)

    def _work_off(self, message):
        receipt = {"QueueUrl": self._queue_url, "ReceiptHandle": message["ReceiptHandle"]}
        try:
            self._handle(json.loads(message["Body"]))
        except Exception:
            # A real worker logs the exception here.
            self.failures += 1
            self._sqs.change_message_visibility(**receipt, VisibilityTimeout=RETRY_SECONDS)
        else:
            self._sqs.delete_message(**receipt)

    def stop(self):
        self._stopping.set()


@contextlib.contextmanager
def workers(count, sqs, queue_url, handle):
    """Several workers side by side, until the block ends."""
    crew = [Worker(sqs, queue_url, handle) for _ in range(count)]
    for worker in crew:
        worker.start()
    try:
        yield crew
    finally:
        for worker in crew:
            worker.stop()
        for worker in crew:
            worker.join()

"""The hotel's queues."""

import json
import secrets

from story import wait_until

# A request that has failed this often goes to the dead-letter queue.
ATTEMPTS = 3


class HotelQueues:
    """Booking requests, cancellations, and the requests that keep failing."""

    def __init__(self, sqs):
        self._sqs = sqs
        # Names of this run's own, in case the server is one that others use too.
        run = secrets.token_hex(3)
        self.failed = self._create(f"failed-requests-{run}")
        redrive_policy = {
            "deadLetterTargetArn": self._arn(self.failed),
            "maxReceiveCount": ATTEMPTS,
        }
        self.requests = self._create(
            f"booking-requests-{run}", RedrivePolicy=json.dumps(redrive_policy)
        )
        self.cancellations = self._create(f"cancellations-{run}")

    def request(self, booking_request):
        self._sqs.send_message(QueueUrl=self.requests, MessageBody=json.dumps(booking_request))

    def ask_to_cancel(self, booking_id):
        body = json.dumps({"booking_id": booking_id})
        self._sqs.send_message(QueueUrl=self.cancellations, MessageBody=body)

    def move_failed_back(self):
        """Starts a move task from the dead-letter queue to where its messages came from.

        Returns how many it has moved when it is complete.
        """
        source = self._arn(self.failed)
        self._sqs.start_message_move_task(SourceArn=source)

        def newest_task():
            return self._sqs.list_message_move_tasks(SourceArn=source)["Results"][0]

        wait_until(lambda: newest_task()["Status"] == "COMPLETED", "the requests are moved back")
        return newest_task()["ApproximateNumberOfMessagesMoved"]

    def are_empty(self):
        return not any(map(self.count, (self.requests, self.cancellations, self.failed)))

    def count(self, url):
        """How many messages are in a queue, waiting or in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def delete(self):
        for url in (self.requests, self.cancellations, self.failed):
            self._sqs.delete_queue(QueueUrl=url)

    def _create(self, name, **attributes):
        return self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def _arn(self, url):
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

"""The topic that stock changes are published to, and how subscribers get at it."""

import json
import secrets

# A web endpoint that is down is tried again soon, so that the example does not take long. Without a
# policy of its own an endpoint is tried three more times, 20 seconds apart.
PATIENT = {"minDelayTarget": 1, "maxDelayTarget": 2, "numRetries": 30}
IMPATIENT = {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 2}


class StockTopic:
    """A topic, and the queues that were made for its subscribers."""

    def __init__(self, sns, sqs):
        self._sns = sns
        self._sqs = sqs
        # Names of this run's own, in case the server is one that others use too.
        self._run = secrets.token_hex(3)
        self._queue_urls = []
        # Version 2 is SHA-256. Without it, signatures are made with SHA-1.
        self.arn = sns.create_topic(
            Name=f"stock-changes-{self._run}", Attributes={"SignatureVersion": "2"}
        )["TopicArn"]

    def publish(self, change):
        """One message for all. Filters look at the body, or at these attributes."""
        self._sns.publish(
            TopicArn=self.arn,
            Message=json.dumps(change),
            MessageAttributes={
                "category": {"DataType": "String", "StringValue": change["category"]},
                "change": {"DataType": "Number", "StringValue": str(change["change"])},
            },
        )

    def subscribe_queue(self, subscriber, raw=False):
        """A queue of its own for the subscriber. Returns its URL."""
        url, arn = self._create_queue(subscriber.name)
        raw_delivery = {"RawMessageDelivery": "true"} if raw else {}
        self._subscribe("sqs", arn, subscriber, raw_delivery)
        return url

    def subscribe_webhook(self, subscriber, url, retries):
        """The endpoint gets nothing until it has confirmed.

        What it could not be given in all its retries goes to a dead-letter queue. Returns its URL.
        """
        failed_url, failed_arn = self._create_queue(f"{subscriber.name}-failed")
        attributes = {
            "DeliveryPolicy": json.dumps({"healthyRetryPolicy": retries}),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": failed_arn}),
        }
        self._subscribe("http", url, subscriber, attributes)
        return failed_url

    def _subscribe(self, protocol, endpoint, subscriber, attributes):
        self._sns.subscribe(
            TopicArn=self.arn,
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes={**subscriber.filter_attributes(), **attributes},
        )

    def _create_queue(self, name):
        """A queue that the topic may send to. Returns its URL and its ARN."""
        url = self._sqs.create_queue(QueueName=f"{name}-{self._run}")["QueueUrl"]
        self._queue_urls.append(url)
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = answer["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": self.arn}},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        return url, arn

    def delete(self):
        """Deletes the topic with its subscriptions, and the queues."""
        self._sns.delete_topic(TopicArn=self.arn)
        for url in self._queue_urls:
            self._sqs.delete_queue(QueueUrl=url)

"""The topic that bookings are published to, and how each kind of subscriber gets at it."""

import io
import json
import zipfile
from pathlib import Path

from texts import HOTEL, SUBJECT, message

FUNCTION = Path(__file__).with_name("function") / "room_plan.py"
# tidings.toml says what runs it.
RUNTIME = "python3.13"
# A function has a role on AWS; here it is kept and shown, and gives nothing.
ROLE = "arn:aws:iam::000000000000:role/room-plan"


class BookingsTopic:
    """One message for each booking."""

    def __init__(self, sns, sqs, functions):
        self._sns = sns
        self._sqs = sqs
        self._functions = functions
        self.arn = sns.create_topic(Name="bookings", Attributes={"DisplayName": HOTEL})["TopicArn"]

    def publish(self, booking):
        self._sns.publish(
            TopicArn=self.arn,
            Subject=SUBJECT,
            Message=message(booking),
            MessageStructure="json",
            # What filter policies look at.
            MessageAttributes={"guest": {"DataType": "String", "StringValue": booking["guest"]}},
        )

    def subscribe(self, protocol, endpoint, guest=None, **attributes):
        """Subscribes to all bookings, or to those of one guest."""
        if guest:
            attributes["FilterPolicy"] = json.dumps({"guest": [guest]})
        self._sns.subscribe(
            TopicArn=self.arn, Protocol=protocol, Endpoint=endpoint, Attributes=attributes
        )

    def subscribe_queue(self, name):
        """A queue that the topic may send to. It gets the text itself, without an envelope.

        Returns its URL.
        """
        url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
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
        self.subscribe("sqs", arn, RawMessageDelivery="true")
        return url

    def subscribe_function(self, name, environment):
        """A function that the server runs, and that the topic may invoke."""
        created = self._functions.create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Handler=f"{FUNCTION.stem}.handler",
            Role=ROLE,
            Timeout=10,
            Environment={"Variables": environment},
            Code={"ZipFile": archive(FUNCTION)},
        )
        self._functions.get_waiter("function_active_v2").wait(FunctionName=name)
        self._functions.add_permission(
            FunctionName=name,
            StatementId="bookings",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=self.arn,
        )
        self.subscribe("lambda", created["FunctionArn"])

    def subscribe_app(self, platform, credentials, token, guest=None):
        """An app on one device: an endpoint of a platform application, which has the credentials."""
        application = self._sns.create_platform_application(
            Name="hotel", Platform=platform, Attributes=credentials
        )["PlatformApplicationArn"]
        endpoint = self._sns.create_platform_endpoint(
            PlatformApplicationArn=application, Token=token
        )["EndpointArn"]
        self.subscribe("application", endpoint, guest)


def archive(file):
    """What a function's code is uploaded as."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        writer.write(file, file.name)
    return packed.getvalue()

"""The functions, queues, topics, subscriptions and webhooks of a scenario, made before its first
step."""

import json

from .match import show
from .values import resolve


# What a function is if a scenario does not say otherwise.
FUNCTION = {
    "Runtime": "provided.al2023",
    "Handler": "bootstrap",
    "Role": "arn:aws:iam::${account}:role/runs",
    "Code": {"ZipFile": {"$archive": "first"}},
}


class Failed(Exception):
    """A step, or what comes before the first, did not go as expected."""


class Resources:
    """Makes what a scenario asks for, and remembers what it made."""

    def __init__(self, call, variables, region, webhooks):
        self._call = call  # takes a step, gives the driver's answer
        self._variables = variables
        self._region = region
        self._webhooks = webhooks
        self._made = []  # steps that delete it again
        self.webhook_paths = {}

    def make(self, scenario):
        for variable, settings in scenario.functions.items():
            self.create_function(variable, settings or {})
        for variable, attributes in scenario.queues.items():
            self.create_queue(variable, attributes or {})
        for variable, attributes in scenario.topics.items():
            self.create_topic(variable, attributes or {})
        for variable, status in scenario.webhooks.items():
            self.webhook_paths[variable] = f"/{status or 200}/{self.name(variable)}"
            self._variables[variable] = self._webhooks.url(self.webhook_paths[variable])
        for queue, topic in scenario.admits.items():
            self.admit(queue, topic)
        for variable, subscription in scenario.subscriptions.items():
            self.subscribe(variable, subscription)

    def create_queue(self, variable, attributes):
        """Makes `${variable}` the URL of a new queue; also `.name` and `.arn`."""
        name = self.name(variable, attributes.get("FifoQueue"))
        url = self.output(
            "CreateQueue",
            {"QueueName": name, **self.given("Attributes", attributes)},
        )["QueueUrl"]
        self.made_queue(url)
        # Taken from the URL, so that the suite also runs where accounts work differently.
        account = url.rsplit("/", 2)[-2]
        self._variables.update(
            {
                variable: url,
                f"{variable}.name": name,
                f"{variable}.arn": f"arn:aws:sqs:{self._region}:{account}:{name}",
                "account": account,
            }
        )

    def create_function(self, variable, settings):
        """Makes `${variable}` the name of a new function, which runs the bootstrap of `lambda`; also
        `.arn`."""
        name = self.name(variable)
        given = resolve({**FUNCTION, "FunctionName": name, **settings}, self._variables)
        made = self.output("CreateFunction", given)
        self.made_function(name)
        # A version that is published at once is what the answer is about.
        arn = made["FunctionArn"].removesuffix(f":{made['Version']}")
        self._variables.update({variable: name, f"{variable}.arn": arn})

    def create_topic(self, variable, attributes):
        """Makes `${variable}` the ARN of a new topic; also `.name`."""
        name = self.name(variable, attributes.get("FifoTopic"))
        arn = self.output(
            "CreateTopic", {"Name": name, **self.given("Attributes", attributes)}
        )["TopicArn"]
        self.made_topic(arn)
        self._variables.update(
            {variable: arn, f"{variable}.name": name, "account": arn.split(":")[4]}
        )

    def admit(self, queue, topic):
        """Gives a queue a policy that lets a topic send to it."""
        arn = self._variables[f"{queue}.arn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": self._variables[topic]}},
                }
            ],
        }
        self.output(
            "SetQueueAttributes",
            {"QueueUrl": self._variables[queue], "Attributes": {"Policy": json.dumps(policy)}},
        )

    def subscribe(self, variable, subscription):
        """Makes `${variable}` the ARN of a queue's subscription, and lets the topic send there."""
        topic, queue = subscription["topic"], subscription["queue"]
        self.admit(queue, topic)
        self._variables[variable] = self.output(
            "Subscribe",
            {
                "TopicArn": self._variables[topic],
                "Protocol": "sqs",
                "Endpoint": self._variables[f"{queue}.arn"],
                **self.given("Attributes", subscription.get("attributes", {})),
            },
        )["SubscriptionArn"]

    def made_queue(self, url, **caller):
        self._made.append({"action": "DeleteQueue", "input": {"QueueUrl": url}, **caller})

    def made_function(self, name, **caller):
        self._made.append({"action": "DeleteFunction", "input": {"FunctionName": name}, **caller})

    def made_topic(self, arn, **caller):
        self._made.append({"action": "DeleteTopic", "input": {"TopicArn": arn}, **caller})

    def delete(self):
        """Leaves a server that was there before as it was. Subscriptions go with their topics."""
        for step in self._made:
            self._call(step)

    def name(self, variable, fifo="false"):
        return f"{self._variables['unique']}-{variable}" + (".fifo" if fifo == "true" else "")

    def given(self, member, attributes):
        return {member: resolve(attributes, self._variables)} if attributes else {}

    def output(self, action, given):
        answer = self._call({"action": action, "input": given})
        if "output" not in answer:
            raise Failed(f"{action} beforehand: {show(answer)}")
        return answer["output"]

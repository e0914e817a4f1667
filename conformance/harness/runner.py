"""Runs one scenario through one driver."""

import time
from urllib.parse import urlsplit, urlunsplit

from .drivers import finish
from .match import Mismatch, match, show
from .scenarios import plain_name
from .values import UnknownVariable, resolve

SECRET_KEY = "secret"
# A second identity for steps that call as another account.
OTHER_ACCOUNT = "200000000002"
GATHER_SECONDS = 20
PAUSE_SECONDS = 0.2


class Failed(Exception):
    """A step did not go as expected."""


class Run:
    """A scenario on its way: the variables it has gathered and the calls it left running."""

    def __init__(self, scenario, driver, endpoint, region, run_id):
        self.scenario = scenario
        self.driver = driver
        self.endpoint = endpoint
        self.region = region
        self.running = {}
        self.queue_urls = []
        self.skipped_steps = []
        # Short, because queue names end at 80 characters.
        self.variables = {
            "unique": f"{driver.sdk.name}-{run_id}",
            "endpoint": endpoint,
            "region": region,
            "account": driver.sdk.account,
        }

    def perform(self):
        for variable, attributes in self.scenario.queues.items():
            self.create_queue(variable, attributes or {})
        for number, step in enumerate(self.scenario.steps, 1):
            try:
                self.step(step)
            except (Failed, Mismatch, UnknownVariable) as error:
                what = step.get("action") or f"finish {step['finish']}"
                raise Failed(f"step {number} {what}: {error}") from None

    def create_queue(self, variable, attributes):
        """Makes `${variable}` the URL of a new queue; also `.name` and `.arn`."""
        name = f"{self.variables['unique']}-{variable}"
        if attributes.get("FifoQueue") == "true":
            name += ".fifo"
        given = {"QueueName": name}
        if attributes:
            given["Attributes"] = resolve(attributes, self.variables)
        answer = self.driver.call(self.request({"action": "CreateQueue", "input": given}))
        if "output" not in answer:
            raise Failed(f"creating {variable}: {show(answer)}")
        url = answer["output"]["QueueUrl"]
        self.queue_urls.append(url)
        # Taken from the URL, so that the suite also runs where accounts work differently.
        account = url.rsplit("/", 2)[-2]
        self.variables.update(
            {
                variable: url,
                f"{variable}.name": name,
                f"{variable}.arn": f"arn:aws:sqs:{self.region}:{account}:{name}",
                "account": account,
            }
        )

    def delete_queues(self):
        """Leaves a server that was there before as it was."""
        for url in self.queue_urls:
            self.driver.call(self.request({"action": "DeleteQueue", "input": {"QueueUrl": url}}))

    def step(self, step):
        if "wait" in step:
            time.sleep(step["wait"])
        if self.driver.sdk.name in step.get("cannot_send", {}):
            self.skipped_steps.append(
                f"{step['action']}: {step['cannot_send'][self.driver.sdk.name]}"
            )
        elif "start" in step:
            self.running[step["start"]] = self.driver.start(self.request(step))
        elif "finish" in step:
            self.judge(step, finish(self.running.pop(step["finish"])))
        elif "within" in step:
            self.call_until(step, time.monotonic() + step["within"])
        elif "gather" in step:
            self.judge(step, self.gather(step))
        elif "action" in step:
            self.judge(step, self.driver.call(self.request(step)))

    def call_until(self, step, deadline):
        """Repeats a call until its answer is as expected: for what happens in its own time."""
        while True:
            answer = self.driver.call(self.request(step))
            try:
                return self.judge(step, answer)
            except (Failed, Mismatch):
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_SECONDS)

    def gather(self, step):
        """Repeats a receive until enough messages came: a queue may hand out fewer than asked."""
        deadline = time.monotonic() + GATHER_SECONDS
        messages = []
        while len(messages) < step["gather"] and time.monotonic() < deadline:
            answer = self.driver.call(self.request(step))
            if "output" not in answer:
                return answer
            messages += answer["output"].get("Messages", [])
        return {"output": {"Messages": messages}}

    def request(self, step):
        other = step.get("account") == "other"
        return {
            "action": step["action"],
            "input": resolve(step.get("input", {}), self.variables),
            "endpoint": with_host(self.endpoint, step.get("host")),
            "region": step.get("region", self.region),
            "access_key": OTHER_ACCOUNT if other else self.driver.sdk.account,
            "secret_key": SECRET_KEY,
        }

    def judge(self, step, answer):
        if "unsendable" in answer or "failure" in answer:
            raise Failed(answer.get("failure") or f"not sent: {answer['unsendable']}")
        if "error" in step:
            if "error" not in answer:
                raise Failed(
                    f"expected the error {step['error']['code']}, got {show(answer['output'])}"
                )
            self.judge_error(step["error"], answer["error"])
        else:
            if "output" not in answer:
                raise Failed(f"expected an output, got the error {show(answer['error'])}")
            if step.get("action") == "CreateQueue":
                self.queue_urls.append(answer["output"].get("QueueUrl"))
            match(resolve(step.get("output", {}), self.variables), answer["output"], self.variables)

    def judge_error(self, error, got):
        sdk = self.driver.sdk
        hidden = sdk.hidden | {"name"} if error.get("name") in sdk.classless else sdk.hidden
        expected = {key: value for key, value in error.items() if key not in hidden}
        if "name" in got:
            got = {**got, "name": plain_name(got["name"])}
        match(resolve(expected, self.variables), got, self.variables, "error")


def with_host(endpoint, host):
    """The same endpoint under another name for its host."""
    if not host:
        return endpoint
    parts = urlsplit(endpoint)
    netloc = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit(parts._replace(netloc=netloc))

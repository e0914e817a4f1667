"""Runs one scenario through one driver."""

import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

from .drivers import finish, spare_region
from .match import Mismatch, match, show
from .resources import Failed, Resources
from .scenarios import plain_name
from .services import service_of
from .values import UnknownVariable, resolve

GATHER_SECONDS = 20
PAUSE_SECONDS = 0.2
GET_SECONDS = 10


class Run:
    """A scenario on its way: the variables it has gathered and the calls it left running."""

    def __init__(self, scenario, driver, place, region, run_id, webhooks, tampering):
        self.scenario = scenario
        self.driver = driver
        self.place = place
        self.region = region = scenario.region or region
        self.running = {}
        self.webhooks = webhooks
        self.tampering = tampering
        self.skipped_steps = []
        # Short, because queue names end at 80 characters.
        self.variables = {
            "unique": f"{driver.sdk.name}-{run_id}",
            "endpoint": place.endpoint,
            "region": region,
            "spare_region": spare_region(region),
            "account": place.account,
        }
        self.resources = Resources(self.call, self.variables, region, webhooks)

    def perform(self):
        self.resources.make(self.scenario)
        for number, step in enumerate(self.scenario.steps, 1):
            try:
                self.step(step)
            except (Failed, Mismatch, UnknownVariable) as error:
                what = step.get("action") or " ".join(f"{k} {v}" for k, v in step.items())[:80]
                raise Failed(f"step {number} {what}: {error}") from None

    def call(self, step):
        return self.driver.call(self.request(step))

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
        elif "posted" in step:
            self.judge(step, self.next_post(step["posted"]))
        elif "get" in step:
            self.judge(step, get(resolve(step["get"], self.variables)))
        elif "times" in step:
            for number in range(1, step["times"] + 1):
                self.variables["n"] = number
                self.judge(step, self.call(step))
        elif "action" in step:
            self.judge(step, self.call(step))

    def call_until(self, step, deadline):
        """Repeats a call until its answer is as expected: for what happens in its own time."""
        while True:
            answer = self.call(step)
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
            answer = self.call(step)
            if "output" not in answer:
                return answer
            messages += answer["output"].get("Messages", [])
        return {"output": {"Messages": messages}}

    def next_post(self, webhook):
        """What a topic delivered to a webhook, as if it were an answer."""
        post = self.webhooks.next_post(self.resources.webhook_paths[webhook])
        return {"failure": f"nothing was posted to {webhook}"} if post is None else {"output": post}

    def request(self, step):
        key = self.place.other_key if step.get("account") == "other" else self.place.key
        request = {
            "service": service_of(step["action"], step.get("service")),
            "action": step["action"],
            "input": resolve(step.get("input", {}), self.variables),
            "endpoint": with_host(self.place.endpoint, step.get("host")),
            "region": resolve(step.get("region", self.region), self.variables),
            "access_key": key.id,
            "secret_key": key.secret,
            **resolve(step.get("signed", {}), self.variables),
        }
        if "presigned" in step:
            request["presigned"] = step["presigned"]
        return self.tampering.divert(request, step["changed"]) if "changed" in step else request

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
            self.note_made(step, answer["output"])
            match(resolve(step.get("output", {}), self.variables), answer["output"], self.variables)

    def note_made(self, step, output):
        caller = {key: step[key] for key in ("region", "account") if key in step}
        if step.get("action") == "CreateFunction":
            self.resources.made_function(output.get("FunctionName"), **caller)
        elif step.get("action") == "CreateQueue":
            self.resources.made_queue(output.get("QueueUrl"), **caller)
        elif step.get("action") == "CreateTopic":
            self.resources.made_topic(output.get("TopicArn"), **caller)

    def judge_error(self, error, got):
        sdk = self.driver.sdk
        hidden = sdk.hidden | {"name"} if error.get("name") in sdk.classless else sdk.hidden
        expected = {key: value for key, value in error.items() if key not in hidden}
        if "name" in got:
            got = {**got, "name": plain_name(got["name"])}
        match(resolve(expected, self.variables), got, self.variables, "error")


def get(url):
    """What an unsigned GET brings, as someone who follows a link from a message makes it."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=GET_SECONDS) as answer:
            return {"output": {"status": answer.status, "body": answer.read().decode()}}
    except urllib.error.HTTPError as refused:
        return {"output": {"status": refused.code, "body": refused.read().decode()}}
    except OSError as error:
        return {"failure": f"GET {url}: {error}"}


def with_host(endpoint, host):
    """The same endpoint under another name for its host."""
    if not host:
        return endpoint
    parts = urlsplit(endpoint)
    netloc = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit(parts._replace(netloc=netloc))

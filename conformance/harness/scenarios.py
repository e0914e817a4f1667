"""Reads the expectation files and refuses what is misspelt in them."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .services import service_of

FOLDER = Path(__file__).resolve().parent.parent / "expectations"
ERRORS_FILE = "errors.yaml"

# How an expectation was checked against the documented service.
SOURCES = {
    "service model",
    "developer guide",
    "recorded live response",
    "published test vector",
    "our decision",
}

SCENARIO_KEYS = {
    "name",
    "checked",
    "cli",
    "except",
    "region",
    "functions",
    "queues",
    "topics",
    "webhooks",
    "subscriptions",
    "admits",
    "steps",
}
SUBSCRIPTION_KEYS = {"topic", "queue", "attributes"}
SIGNED_KEYS = {
    "access_key",
    "secret_key",
    "session_token",
    "region",
    "signing_name",
    "clock_offset",
    "unsigned",
}
STEP_KEYS = {
    "action",
    "service",
    "input",
    "output",
    "error",  # what to call and what to expect
    "within",
    "gather",  # call again until it is so
    "times",  # call so often
    "start",
    "finish",  # leave a call running, and pick its answer up
    "region",
    "account",
    "host",
    "signed",  # call as another client, or as one that signs in another way
    "changed",  # what becomes of the request on its way
    "presigned",  # ask for a URL instead of calling
    "cannot_send",  # drivers whose SDK does not let this request out
    "wait",
    "posted",  # what came to a webhook
    "get",  # what an unsigned GET brings
}


@dataclass
class Scenario:
    file: str
    name: str
    checked: list
    steps: list
    functions: dict = field(default_factory=dict)
    queues: dict = field(default_factory=dict)
    topics: dict = field(default_factory=dict)
    webhooks: dict = field(default_factory=dict)
    subscriptions: dict = field(default_factory=dict)
    admits: dict = field(default_factory=dict)
    region: str = None
    cli: bool = False
    exceptions: dict = field(default_factory=dict)

    @property
    def title(self):
        return f"{self.file}: {self.name}"

    @property
    def services(self):
        """The services that its steps call."""
        named = [(s["action"], s.get("service")) for s in self.steps if "action" in s]
        own = {"lambda"} if self.functions else set()
        return own | {service_of(action, service) for action, service in named}

    @property
    def has_two_accounts(self):
        return any(step.get("account") == "other" for step in self.steps)

    @property
    def is_about_signing(self):
        """Whether it wants a server that authenticates."""
        return any({"signed", "changed", "presigned"} & set(step) for step in self.steps)

    @property
    def is_about_regions(self):
        """Whether it wants a server that does not serve all regions."""
        return any("region" in step.get("signed", {}) for step in self.steps)


def load(folder=FOLDER):
    errors = read_yaml(folder / ERRORS_FILE)
    scenarios = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name != ERRORS_FILE:
            scenarios += [read_scenario(path.stem, entry, errors) for entry in read_yaml(path)]
    titles = [scenario.title for scenario in scenarios]
    repeated = {title for title in titles if titles.count(title) > 1}
    check(not repeated, f"named twice: {', '.join(repeated)}")
    return scenarios


def read_yaml(path):
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SystemExit(f"{path.name}: {error}") from None


def read_scenario(file, entry, errors):
    where = f"{file}: {entry.get('name')}"
    check_keys(entry, SCENARIO_KEYS, where)
    checked = entry["checked"] if isinstance(entry["checked"], list) else [entry["checked"]]
    check(set(checked) <= SOURCES, f"{where}: unknown source in {checked}")
    for variable, subscription in entry.get("subscriptions", {}).items():
        check_keys(subscription, SUBSCRIPTION_KEYS, f"{where}, subscription {variable}")
    for number, step in enumerate(entry["steps"], 1):
        read_step(step, errors, f"{where}, step {number}")
    return Scenario(
        file=file,
        name=entry["name"],
        checked=checked,
        steps=entry["steps"],
        functions=entry.get("functions", {}),
        queues=entry.get("queues", {}),
        topics=entry.get("topics", {}),
        webhooks=entry.get("webhooks", {}),
        subscriptions=entry.get("subscriptions", {}),
        admits=entry.get("admits", {}),
        region=entry.get("region"),
        cli=entry.get("cli", False),
        exceptions=entry.get("except", {}),
    )


def read_step(step, errors, where):
    check_keys(step, STEP_KEYS, where)
    check_keys(step.get("signed", {}), SIGNED_KEYS, where)
    if "action" not in step:
        return
    service = service_of(step["action"], step.get("service"))
    check(service, f"{where}: {step['action']} is an action of no service, or of two")
    if "error" in step:
        step["error"] = read_error(step["error"], errors[service], service, where)


def read_error(error, errors, service, where):
    """Completes an expected error, given by its name, from the service's table in errors.yaml."""
    if isinstance(error, str):
        error = {"name": error}
    check(error["name"] in errors, f"{where}: {error['name']} is not in {ERRORS_FILE}")
    known = errors[error["name"]]
    # Whose fault it is, only the Query protocol and what followed it say.
    fault = {} if service == "lambda" else {"fault": "Sender"}
    expected = {**fault, **known, **error}
    expected["name"] = plain_name(expected["name"])
    # Only errors of the service model get a class of their own in an SDK.
    if not expected.pop("modelled", True):
        del expected["name"]
    return expected


def plain_name(name):
    """Without the ending that Java gives to every class and the model to few, and with one spelling
    of an abbreviation that languages spell in their own ways."""
    return name.removesuffix("Exception").replace("KMS", "Kms")


def check_keys(entry, allowed, where):
    unknown = set(entry) - allowed
    check(not unknown, f"{where}: unknown keys {', '.join(sorted(unknown))}")


def check(holds, message):
    if not holds:
        raise SystemExit(f"expectations: {message}")

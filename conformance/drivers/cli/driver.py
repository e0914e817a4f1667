"""A driver for the AWS CLI: one JSON request a line in, one JSON answer a line out.

Each request is a process of its own, as in a shell script. The contract is in
conformance/README.md.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Processes side by side. The CLI needs most of a core for a second, so more would only queue.
WORKERS = 4
TIMEOUT_SECONDS = 60
# The CLI with a clock that is wrong.
SHIFTED = Path(__file__).resolve().parent / "shifted.py"

SERVICE_ERROR = re.compile(
    r"An error occurred \((?P<code>[^)]+)\) when calling the \w+ operation"
    r"(?: \(reached max retries: \d+\))?: (?P<message>.*)",
    re.DOTALL,
)


def main():
    writing = threading.Lock()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        config = Path(folder) / "config"
        # The service is to refuse, not the CLI.
        config.write_text("[default]\nparameter_validation = false\n")
        for line in sys.stdin:
            pool.submit(handle, json.loads(line), config, writing)


def handle(request, config, writing):
    try:
        answer = perform(request, config)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        answer = {"failure": str(error)}
    with writing:
        print(json.dumps({"id": request["id"], **answer}), flush=True)


def perform(request, config):
    for member in ("signing_name", "presigned"):
        if member in request:
            return {"unsendable": f"the CLI has no option for {member}"}
    with tempfile.TemporaryDirectory(dir=config.parent) as name:
        folder = Path(name)
        out = folder / "out"
        if request["action"] == "Invoke":
            words = [*invoking(request["input"], folder), out]
        else:
            words = given_in_file(request["input"], folder)
        done = subprocess.run(
            [
                *program(request.get("clock_offset")),
                request["service"],
                kebab(request["action"]),
                *words,
                "--endpoint-url",
                request["endpoint"],
                "--region",
                request["region"],
                "--output",
                "json",
                "--no-paginate",
                *(["--no-sign-request"] if request.get("unsigned") else []),
            ],
            env={
                **os.environ,
                "AWS_CONFIG_FILE": str(config),
                "AWS_MAX_ATTEMPTS": "1",
                **credentials(request),
            },
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        written = out.read_bytes() if out.exists() else None
    if done.returncode == 0:
        output = json.loads(done.stdout or "{}", object_hook=mark_blobs)
        if written is not None:
            output["Payload"] = {"base64": base64.b64encode(written).decode()}
        return {"output": output}
    refused = SERVICE_ERROR.search(done.stderr.strip())
    if refused:
        return {"error": refused.groupdict()}
    return {"failure": done.stderr.strip()}


def given_in_file(given, folder):
    """The words that give an input: large ones do not fit on a command line."""
    given = {**given, "Code": {**given["Code"]}} if "Code" in given else dict(given)
    # The code of a function is no text, and has an option of its own.
    zipped = given.get("Code", given).pop("ZipFile", None)
    if zipped and not given.get("Code", True):
        del given["Code"]
    input_file = folder / "input.json"
    input_file.write_text(json.dumps(from_json(given)))
    words = ["--cli-input-json", f"file://{input_file}"]
    return words + in_file("--zip-file", zipped, folder)


def invoking(given, folder):
    """The words that give the input of Invoke, which the CLI reads from no file."""
    given = dict(given)
    words = in_file("--payload", given.pop("Payload", None), folder)
    for member, value in given.items():
        words += [f"--{kebab(member)}", value]
    return words


def in_file(option, blob, folder):
    """The words that give a blob, if there is one."""
    if not blob:
        return []
    path = folder / "blob"
    path.write_bytes(base64.b64decode(blob["base64"]))
    return [option, f"fileb://{path}"]


def program(clock_offset):
    if clock_offset is None:
        return [Path(sys.executable).parent / "aws"]
    return [sys.executable, SHIFTED, str(clock_offset)]


def credentials(request):
    members = {
        "AWS_ACCESS_KEY_ID": "access_key",
        "AWS_SECRET_ACCESS_KEY": "secret_key",
        "AWS_SESSION_TOKEN": "session_token",
    }
    return {name: request[key] for name, key in members.items() if key in request}


def kebab(action):
    # An abbreviation is one word: GetSMSAttributes is get-sms-attributes.
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", action).lower()


def from_json(value):
    """In this version of the CLI a blob in `--cli-input-json` is plain text."""
    if isinstance(value, dict):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"]).decode()
        return {key: from_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def mark_blobs(members):
    if "BinaryValue" in members:
        members["BinaryValue"] = {"base64": members["BinaryValue"]}
    return members


if __name__ == "__main__":
    main()

"""A driver for boto3: one JSON request a line in, one JSON answer a line out.

The contract is in conformance/README.md. The same program runs with a boto3 that is old enough to
speak the Query protocol.
"""

import base64
import datetime
import functools
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

import clock

# A long poll must not hold up the send that wakes it, so requests run side by side.
WORKERS = 32
# What makes two requests share a client.
IDENTITY = (
    "service",
    "endpoint",
    "region",
    "access_key",
    "secret_key",
    "session_token",
    "signing_name",
    "unsigned",
)


def main():
    writing = threading.Lock()
    with ThreadPoolExecutor(WORKERS) as pool:
        for line in sys.stdin:
            pool.submit(handle, json.loads(line), writing)


def handle(request, writing):
    answer = {"id": request["id"], **perform(request)}
    with writing:
        print(json.dumps(answer), flush=True)


def perform(request):
    clock.set_offset(request.get("clock_offset", 0))
    try:
        service = client(*(request.get(key) for key in IDENTITY))
        name, given = method_name(service, request["action"]), from_json(request["input"])
        if "presigned" in request:
            return presign(service, name, given, request["presigned"])
        output = getattr(service, name)(**given)
    except ClientError as error:
        return {"error": describe(error)}
    except Exception as error:  # whatever else the SDK raises is a finding, not a crash
        return {"failure": f"{type(error).__name__}: {error}"}
    output.pop("ResponseMetadata", None)
    return {"output": to_json(output)}


building = threading.Lock()


def client(*identity):
    # boto3 sessions are not safe to share between threads while a client is built.
    with building:
        return build(*identity)


@functools.cache
def build(
    service, endpoint, region, access_key, secret_key, session_token, signing_name, unsigned
):
    made = boto3.session.Session().client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=session_token,
        config=Config(
            signature_version=UNSIGNED if unsigned else None,
            parameter_validation=False,  # the service is to refuse, not the SDK
            retries={"total_max_attempts": 1},
            max_pool_connections=WORKERS,
        ),
    )
    if signing_name:

        def sign_for_another(request, **_):
            request.context.setdefault("signing", {})["signing_name"] = signing_name

        made.meta.events.register("before-sign", sign_for_another)
    return made


def method_name(service, action):
    names = {operation: name for name, operation in service.meta.method_to_api_mapping.items()}
    return names[action]


def presign(service, name, given, seconds):
    url = service.generate_presigned_url(name, given, ExpiresIn=seconds, HttpMethod="GET")
    return {"output": {"url": url}}


def describe(error):
    details = error.response["Error"]
    described = {
        "code": details["Code"],
        "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        "message": details["Message"],
    }
    if type(error) is not ClientError:  # a class that callers can name in an `except`
        described["name"] = type(error).__name__
    if "Type" in details:
        described["fault"] = details["Type"]
    return described


def from_json(value):
    if isinstance(value, dict):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"])
        return {key: from_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def to_json(value):
    if isinstance(value, StreamingBody):
        value = value.read()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: to_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value


if __name__ == "__main__":
    main()

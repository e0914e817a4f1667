#!/usr/bin/env python3
"""A `provided` bootstrap that needs nothing but Python: the Runtime API by hand.

An event with `fail` in it raises, one with `sleep` takes so many seconds, one with `crash` ends the
process; all others are answered as they came, with what the function was told.
"""

import json
import os
import sys
import time
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(urllib.request.Request(f"{API}/{path}", data=data))


while True:
    with ask("invocation/next") as given:
        request_id = given.headers["Lambda-Runtime-Aws-Request-Id"]
        arn = given.headers["Lambda-Runtime-Invoked-Function-Arn"]
        event = json.load(given)
    print("given", request_id, flush=True)
    wanted = event if isinstance(event, dict) else {}
    if "crash" in wanted:
        sys.exit(wanted["crash"])
    time.sleep(wanted.get("sleep", 0))
    if "fail" in wanted:
        error = {"errorMessage": wanted["fail"], "errorType": "Told"}
        ask(f"invocation/{request_id}/error", error).close()
    else:
        answer = {"event": event, "arn": arn, "greeting": os.environ.get("GREETING")}
        ask(f"invocation/{request_id}/response", answer).close()

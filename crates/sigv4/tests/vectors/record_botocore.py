"""Writes botocore.json: requests as botocore signs them, with example keys and at a fixed time.

    python record_botocore.py > botocore.json

It needs boto3 and no network: every request is caught before it is sent.
"""

import datetime
import json
from urllib.parse import urlsplit

import boto3
import botocore
import botocore.auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEXAMPLE//////////wEaDExample+token/with=odd+characters=="
ODD = "a b+c&d=e/f?g~h'i\"j*k%l\u00e9\u1234\U0001f600\ttab"
QUEUE_URL = "http://localhost:4566/000000000000/orders"

botocore.auth.get_current_datetime = lambda *_, **__: NOW
recorded = []


def keep(name, service, region, request, token=None):
    url = urlsplit(request.url)
    headers = {"Host": url.netloc, **dict(request.headers.items())}
    text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
    recorded.append(
        {
            "name": name,
            "service": service,
            "region": region,
            "secret": SECRET,
            "token": token,
            "now": NOW.strftime("%Y%m%dT%H%M%SZ"),
            "method": request.method,
            "path": url.path,
            "query": url.query,
            "headers": [[name, text(value)] for name, value in headers.items()],
            "body": text(request.body or ""),
        }
    )


def client(service, region, token=None, endpoint=None):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=ID,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(user_agent="recorder"),
    )


def call(name, service, region, operation, arguments, token=None, endpoint=None):
    """One call of a client, caught when it is signed."""

    def catch(request, **_):
        keep(name, service, region, request, token)
        return AWSResponse(request.url, 500, {}, None)

    caller = client(service, region, token, endpoint)
    caller.meta.events.register("before-send", catch)
    try:
        getattr(caller, operation)(**arguments)
    except Exception:
        # The answer is none; by now the request is recorded.
        pass


def sign(name, service, region, method, url, headers=(), body="", token=None, expires=None):
    """One request signed by the signer alone, for what no client would send."""
    request = AWSRequest(method, url, dict(headers), body.encode())
    credentials = Credentials(ID, SECRET, token)
    if expires is None:
        signer = SigV4Auth(credentials, service, region)
    else:
        signer = SigV4QueryAuth(credentials, service, region, expires=expires)
    signer.add_auth(request)
    keep(name, service, region, request, token)


send = {"QueueUrl": QUEUE_URL, "MessageBody": "hello"}
local = "http://localhost:4566"
call("sqs json", "sqs", "us-east-1", "send_message", send, endpoint=local)
call("sqs json, session token", "sqs", "eu-west-1", "send_message", send, TOKEN, local)
call("sqs json, odd body", "sqs", "us-east-1", "send_message", {**send, "MessageBody": ODD})
call("sqs json, no input", "sqs", "us-east-1", "list_queues", {})
publish = {"TopicArn": "arn:aws:sns:us-east-1:000000000000:news", "Message": ODD, "Subject": "a b"}
call("sns form", "sns", "us-east-1", "publish", publish)
call("sns form, session token", "sns", "ap-south-1", "publish", publish, TOKEN, local)
call("sts form", "sts", "us-east-1", "get_caller_identity", {}, TOKEN)
call("kms json", "kms", "us-east-1", "list_keys", {"Limit": 10})
call("iam form", "iam", "us-east-1", "get_user", {"UserName": "anna"})

query = "Action=SendMessage&Version=2012-11-05&MessageBody=a%20b%2Bc%26d%3D%C3%A9~%2F%25&Empty=&Bare"
for name, token in (("sqs get, presigned", None), ("sqs get, presigned, session token", TOKEN)):
    sign(name, "sqs", "us-east-1", "GET", f"{QUEUE_URL}?{query}", token=token, expires=60)
sign("sts get, presigned", "sts", "us-east-1", "GET",
     "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
     {"x-k8s-aws-id": "a  cluster "}, expires=604800)
sign("sns post, presigned", "sns", "us-east-1", "POST", "https://sns.us-east-1.amazonaws.com/?z=1&a=2",
     expires=900)
url = "http://localhost:4566/000000000000/a%20b/%E1%88%B4/@x/(y)/.././/z~/%2F/"
sign("odd path", "sqs", "us-east-1", "GET", url)
sign("odd path, presigned", "sqs", "us-east-1", "GET", url, expires=60)
url = "http://localhost:4566/?b=2&a=2&a=1&A=0&a-b=%20&%C3%A9=%F0%9F%98%80&c=%2A%27%28%29"
sign("odd query", "sqs", "us-east-1", "GET", url)
sign("header Date", "sns", "us-east-1", "POST", "http://localhost:4566/",
     {"Date": "any", "Content-Type": "application/x-www-form-urlencoded"}, "Action=ListTopics")
sign("odd headers", "sqs", "us-east-1", "POST", "http://sqs.example.com:8080/",
     {"X-Amz-Target": "AmazonSQS.ListQueues", "X-Custom": "  a   b  ", "ZZ-Empty": "",
      "x-amz-meta": "\"q   q\""}, "{}")



def written(case):
    """A case, with a line for each field and for each header."""
    headers = ",\n".join("      " + json.dumps(header) for header in case.pop("headers"))
    fields = "".join(f"    {json.dumps(name)}: {json.dumps(value)},\n" for name, value in case.items())
    return f'  {{\n{fields}    "headers": [\n{headers}\n    ]\n  }}'


print("[")
print(",\n".join(written(case) for case in recorded))
print("]")

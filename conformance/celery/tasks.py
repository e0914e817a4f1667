"""The tasks that check.py sends to a real worker."""

import os
import time
from pathlib import Path
from urllib.parse import quote

from celery import Celery

FOLDER = Path(os.environ["CONFORMANCE_FOLDER"])
HOST = os.environ["CONFORMANCE_ENDPOINT"].split("://", 1)[1]
# In a URL, where a secret's slashes and plus signs have to be escaped.
IDENTITY = ":".join(
    quote(os.environ[name], safe="") for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
)

app = Celery("conformance")
app.conf.update(
    broker_url=f"sqs://{IDENTITY}@{HOST}",
    broker_transport_options={
        "region": os.environ["AWS_REGION"],
        "is_secure": os.environ["CONFORMANCE_ENDPOINT"].startswith("https:"),
        "queue_name_prefix": os.environ["CONFORMANCE_PREFIX"],
        "wait_time_seconds": 2,
        "polling_interval": 0.1,
        # Long enough for every task here, short enough to wait for when a worker is killed.
        "visibility_timeout": 8,
    },
    result_backend=f"file://{FOLDER}/results",
    task_default_queue="default",
    task_routes={"tasks.elsewhere": {"queue": "other"}, "tasks.unfinished": {"queue": "late"}},
    task_create_missing_queues=True,
    worker_prefetch_multiplier=1,
)


@app.task
def add(x, y):
    return x + y


@app.task
def echo(text):
    return text


@app.task
def elsewhere():
    return "done elsewhere"


@app.task(bind=True, max_retries=3)
def stubborn(self):
    if self.request.retries < 2:
        raise self.retry(countdown=1)
    return self.request.retries


@app.task
def now():
    return time.time()


@app.task(acks_late=True)
def unfinished():
    """Never ends in the first worker that takes it, and at once in the next."""
    first = FOLDER / "unfinished"
    if not first.exists():
        first.touch()
        time.sleep(3600)
    return "finished"

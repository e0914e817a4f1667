"""Runs Celery tasks through Kombu's SQS transport, with a worker of its own.

The contract with the runner is in conformance/README.md.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULT_SECONDS = 45


def main():
    # Being ended ends the workers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CONFORMANCE_FOLDER"] = folder
        os.environ["CONFORMANCE_PREFIX"] = f"celery-{secrets.token_hex(3)}-"
        (Path(folder) / "results").mkdir()
        sys.path.insert(0, str(HERE))
        import tasks

        return 0 if all([check_worker(tasks), check_purge(tasks)]) else 1


def check_worker(tasks):
    with worker("default,other") as running:
        passed = [
            check("tasks run and their results come back", run_many, tasks),
            check("a large argument arrives whole", run_large, tasks),
            check("a task is routed to a queue of its own", run_elsewhere, tasks),
            check("a task that retries runs again", run_retry, tasks),
            check("a task with a countdown waits for it", run_countdown, tasks),
            check("a worker stops when it is told to", stop, running),
        ]
    return all([*passed, check("a killed worker's task runs in the next one", outlive, tasks)])


def run_many(tasks):
    results = [tasks.add.delay(number, 1) for number in range(20)]
    sums = [result.get(timeout=RESULT_SECONDS) for result in results]
    expect(sums, list(range(1, 21)))


def run_large(tasks):
    text = "Grüße 👩‍🚀 " * 10_000
    expect(tasks.echo.delay(text).get(timeout=RESULT_SECONDS) == text, True)


def run_elsewhere(tasks):
    expect(tasks.elsewhere.delay().get(timeout=RESULT_SECONDS), "done elsewhere")


def run_retry(tasks):
    expect(tasks.stubborn.delay().get(timeout=RESULT_SECONDS), 2)


def run_countdown(tasks):
    due = time.time() + 2
    ran = tasks.now.apply_async(countdown=2).get(timeout=RESULT_SECONDS)
    # Never early; how late is not for this suite to judge.
    expect(ran >= due - 0.1, True)


def stop(running):
    running.send_signal(signal.SIGTERM)
    expect(running.wait(timeout=20), 0)


def outlive(tasks):
    result = tasks.unfinished.delay()
    started = tasks.FOLDER / "unfinished"
    with worker("late") as first:
        wait_until(started.exists, "the task starts")
        os.killpg(first.pid, signal.SIGKILL)
    with worker("late"):
        expect(result.get(timeout=RESULT_SECONDS), "finished")


def check_purge(tasks):
    return check("waiting tasks are counted and purged", purge, tasks)


def purge(tasks):
    with tasks.app.connection_for_write() as connection:
        queue = tasks.app.amqp.queues.new_missing("idle")(connection.default_channel)
        queue.declare()
        for _ in range(3):
            tasks.add.apply_async((1, 1), queue="idle")
        expect(queue.queue_declare(passive=True).message_count, 3)
        queue.purge()
        expect(queue.queue_declare(passive=True).message_count, 0)


@contextlib.contextmanager
def worker(queues):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "tasks",
            "worker",
            "--queues",
            queues,
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "WARNING",
        ],
        cwd=HERE,
        stdout=sys.stderr,
        start_new_session=True,  # so that its pool can be ended with it
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(holds, what):
    deadline = time.monotonic() + RESULT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.1)


def check(name, verify, *arguments):
    try:
        verify(*arguments)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        print(f"not ok {name}: {reason}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


def expect(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


if __name__ == "__main__":
    sys.exit(main())

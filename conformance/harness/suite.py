"""Every scenario on every driver, and every program, at the same time.

They share nothing but the server: each driver has a region of its own, each scenario queues and
topics of its own.
"""

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .drivers import Driver
from .programs import Running
from .report import Report
from .resources import Failed
from .runner import Run
from .tampering import Tampering
from .webhooks import Webhooks

# Scenarios side by side in one driver: many wait for a timeout, few keep a core busy.
SCENARIOS_AT_ONCE = 6
# Programs name everything after themselves, and may share one.
PROGRAMS_REGION = "us-east-1"


@dataclass
class Suite:
    sdks: list
    programs: list
    scenarios: list
    # The region of everybody, in place of each driver's own.
    region: str
    log_folder: object
    report: Report

    def run(self, place, open_place=None, tidy=False):
        """Runs everything against the server at `place`, what is for an open one against that."""
        run_id = secrets.token_hex(3)
        stopping = threading.Event()
        webhooks = Webhooks()
        tampering = Tampering(place.endpoint)
        drivers = [Driver(sdk, self.log_folder) for sdk in self.sdks]
        running = [
            Running(program, place, self.region or PROGRAMS_REGION, self.log_folder)
            for program in self.programs
        ]

        def run_driver(driver):
            sdk = driver.sdk
            chosen = [(n, s) for n, s in enumerate(self.scenarios) if sdk.runs(s)]
            where, region = open_place if sdk.is_open else place, self.region or sdk.region
            with ThreadPoolExecutor(SCENARIOS_AT_ONCE) as pool:
                for number, scenario in chosen:
                    unique = f"{run_id}-{number}"
                    run = Run(scenario, driver, where, region, unique, webhooks, tampering)
                    pool.submit(self.run_scenario, run, stopping, tidy)
            driver.stop()
            self.report.ended(sdk.name)

        self.report.started()
        with ThreadPoolExecutor(max(1, len(drivers) + len(running))) as pool:
            works = [pool.submit(run_driver, driver) for driver in drivers]
            works += [pool.submit(self.run_program, program) for program in running]
            try:
                for work in works:
                    work.result()
            except BaseException:
                stopping.set()
                for started in (*drivers, *running):
                    started.kill()
                raise
            finally:
                webhooks.close()
                tampering.close()

    def run_scenario(self, run, stopping, tidy):
        name, scenario = run.driver.sdk.name, run.scenario
        if stopping.is_set():
            return
        if reason := scenario.exceptions.get(name) or run.place.lacks(scenario):
            self.report.skipped(name, f"{scenario.title}: {reason}")
            return
        try:
            run.perform()
        except Failed as error:
            self.report.failed(name, f"{scenario.title}: {error}")
        except Exception as error:  # a slip in the suite itself must not pass for success
            self.report.failed(name, f"{scenario.title}: {type(error).__name__}: {error}")
        else:
            self.report.passed(name, scenario.title)
        for step in run.skipped_steps:
            self.report.skipped(name, f"{scenario.title}: {step}")
        if tidy:
            run.resources.delete()

    def run_program(self, running):
        passed, failed = running.finish()
        for line in passed:
            self.report.passed(running.name, line)
        for line in failed:
            self.report.failed(running.name, line)
        self.report.ended(running.name)

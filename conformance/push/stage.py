"""A server of our own with push services beside it."""

from botocore.config import Config

from own_server import OwnServer
from services import PushServices


class Stage(OwnServer):
    """Push services, and a server of ours that sends by them."""

    def set_up(self, closing):
        self.services = closing.enter_context(PushServices(self.folder))

    def start(self):
        # Where tokens for FCM come from, the service account says: that is what most will have.
        settings = {**self.services.settings(), "timeout-seconds": "3"}
        del settings["fcm-token-url"]
        self.serve(f"--push-{name}={value}" for name, value in settings.items())

    def try_courier(self, platform, token, given, **changed):
        """`tidings courier test push`: its status and what it said."""
        credential = self.folder / "credential"
        principal = self.folder / "principal"
        credential.write_text(given["PlatformCredential"])
        principal.write_text(given.get("PlatformPrincipal", ""))
        settings = {**self.services.settings(), "timeout-seconds": "3", **changed}
        flags = {
            "credential-file": credential,
            "principal-file": principal if principal.read_text() else None,
            "team-id": given.get("ApplePlatformTeamID"),
            "bundle-id": given.get("ApplePlatformBundleID"),
            **{f"push-{name}": value for name, value in settings.items()},
        }
        flags = [f"--{name}={value}" for name, value in flags.items() if value is not None]
        return self.test_courier(["push", platform, token, *flags])

    def client(self, service):
        return super().client(service, config=Config(retries={"total_max_attempts": 1}))

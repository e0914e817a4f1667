import unittest
import urllib.error
import urllib.request

from ..webhooks import Webhooks


class Posts(unittest.TestCase):
    def setUp(self):
        self.webhooks = Webhooks()
        self.addCleanup(self.webhooks.close)

    def post(self, path, body, kind):
        request = urllib.request.Request(
            self.webhooks.url(path), body.encode(), {"X-Amz-Sns-Message-Type": kind}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(request, timeout=5).status
        except urllib.error.HTTPError as refused:
            return refused.code

    def test_posts_are_kept_in_order_for_each_path(self):
        for path, body in (("/200/a", "one"), ("/200/b", "other"), ("/200/a", "zwei ü")):
            self.assertEqual(self.post(path, body, "Notification"), 200)
        self.assertEqual(self.webhooks.next_post("/200/a")["body"], "one")
        post = self.webhooks.next_post("/200/a")
        self.assertEqual(post["body"], "zwei ü")
        self.assertEqual(post["headers"]["x-amz-sns-message-type"], "Notification")
        self.assertEqual(self.webhooks.next_post("/200/b")["body"], "other")

    def test_a_path_says_how_notifications_are_answered(self):
        self.assertEqual(self.post("/503/a", "", "Notification"), 503)
        self.assertEqual(self.post("/503/a", "", "SubscriptionConfirmation"), 200)


if __name__ == "__main__":
    unittest.main()

import unittest
import urllib.request

from ..tampering import Tampering
from ..webhooks import Webhooks


class Diverted(unittest.TestCase):
    def setUp(self):
        self.webhooks = Webhooks()
        self.addCleanup(self.webhooks.close)
        self.tampering = Tampering(self.webhooks.url(""))
        self.addCleanup(self.tampering.close)

    def divert(self, change):
        given = {"QueueUrl": self.webhooks.url("/200/queue"), "Attributes": {}}
        request = {"endpoint": self.webhooks.url(""), "input": given}
        return self.tampering.divert(request, change)

    def test_a_body_is_changed_and_the_rest_is_not(self):
        diverted = self.divert({"hello": "hullo"})
        proxy = diverted["endpoint"]
        self.assertEqual(diverted["input"], {"QueueUrl": f"{proxy}/200/queue", "Attributes": {}})
        post = urllib.request.Request(f"{proxy}/200/path", b"hello you", {"X-Signed": "7"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(post, timeout=5) as answer:
            self.assertEqual(answer.status, 200)
        posted = self.webhooks.next_post("/200/path")
        self.assertEqual(posted["body"], "hullo you")
        self.assertEqual(posted["headers"]["x-signed"], "7")
        self.assertEqual(posted["headers"]["host"], proxy.removeprefix("http://"))

    def test_each_change_has_a_way_of_its_own(self):
        first, again, other = (self.divert({"a": new})["endpoint"] for new in ("b", "b", "c"))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)


if __name__ == "__main__":
    unittest.main()

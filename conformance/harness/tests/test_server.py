import unittest

from ..server import AccessKey, ServerError, read_key

PRINTED = """\
This is the access key of the account's root user. It is not shown again. Keep it:

    aws configure set aws_access_key_id AKIAIOSFODNN7EXAMPLE --profile tidings
    aws configure set aws_secret_access_key a/b+c --profile tidings
    aws configure set region us-east-1 --profile tidings
"""


class FirstKey(unittest.TestCase):
    def test_the_first_key_is_read_from_what_a_server_prints(self):
        self.assertEqual(read_key(PRINTED), AccessKey("AKIAIOSFODNN7EXAMPLE", "a/b+c"))

    def test_a_server_that_shows_no_key_is_none_to_test(self):
        with self.assertRaises(ServerError):
            read_key("Tidings 0.1.0 is listening on http://127.0.0.1:4566\n")


if __name__ == "__main__":
    unittest.main()

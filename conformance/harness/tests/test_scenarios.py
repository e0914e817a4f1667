import tempfile
import textwrap
import unittest
from pathlib import Path

from ..scenarios import load
from ..services import service_of

ERRORS = """
sqs: {Gone: {code: Queue.Gone, status: 400}}
sns: {GoneException: {code: Gone, status: 404}}
"""


def scenarios(steps, more=""):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "errors.yaml").write_text(ERRORS)
        text = f"- name: a scenario\n  checked: service model\n{more}  steps:\n"
        (folder / "things.yaml").write_text(text + textwrap.indent(textwrap.dedent(steps), "    "))
        return load(folder)


class Services(unittest.TestCase):
    def test_an_action_says_its_service_unless_both_have_it(self):
        self.assertEqual(service_of("Publish"), "sns")
        self.assertEqual(service_of("SendMessage"), "sqs")
        self.assertEqual(service_of("AddPermission", "sns"), "sns")
        self.assertIsNone(service_of("AddPermission"))
        self.assertIsNone(service_of("SendMessage", "sns"))
        self.assertIsNone(service_of("Shout"))

    def test_what_others_have_too_is_lambdas_only_if_a_step_says_so(self):
        self.assertEqual(service_of("Invoke"), "lambda")
        self.assertEqual(service_of("TagResource"), "sns")
        self.assertEqual(service_of("TagResource", "lambda"), "lambda")
        self.assertIsNone(service_of("Publish", "lambda"))
        self.assertIsNone(service_of("Invoke", "sns"))

    def test_a_scenario_has_the_services_of_its_steps(self):
        steps = "- {action: Publish}\n- {action: ReceiveMessage}\n- {get: somewhere}\n"
        self.assertEqual(scenarios(steps)[0].services, {"sns", "sqs"})
        with_function = scenarios("- {action: Publish}\n", "  functions: {function: }\n")
        self.assertEqual(with_function[0].services, {"lambda", "sns"})


class Reading(unittest.TestCase):
    def refuses(self, message, *arguments):
        with self.assertRaisesRegex(SystemExit, message):
            scenarios(*arguments)

    def test_what_is_misspelt_is_refused(self):
        self.refuses("unknown keys actoin", "- {actoin: Publish}\n")
        self.refuses("an action of no service", "- {action: Shout}\n")
        self.refuses("or of two", "- {action: RemovePermission}\n")
        subscriptions = "  subscriptions: {s: {queeu: q}}\n"
        self.refuses("unknown keys queeu", "- {action: Publish}\n", subscriptions)

    def test_an_error_is_one_of_the_actions_service(self):
        step = scenarios("- {action: Publish, error: GoneException}\n")[0].steps[0]
        expected = {"code": "Gone", "status": 404, "fault": "Sender", "name": "Gone"}
        self.assertEqual(step["error"], expected)
        self.refuses("Gone is not in", "- {action: Publish, error: Gone}\n")
        step = scenarios("- {action: SendMessage, error: Gone}\n")[0].steps[0]
        self.assertEqual(step["error"]["code"], "Queue.Gone")


if __name__ == "__main__":
    unittest.main()

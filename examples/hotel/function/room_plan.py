"""The function that keeps the room plan: a handler as AWS Lambda has them."""

import json
import os
from pathlib import Path


def handler(event, _context):
    """Enters what a topic's message says. The same message twice is entered once."""
    for record in event["Records"]:
        booking = json.loads(record["Sns"]["Message"])
        entry = Path(os.environ["ROOM_PLAN"], f"{booking['booking_id']}.json")
        entry.write_text(json.dumps(booking))
        print("entered", booking["booking_id"])

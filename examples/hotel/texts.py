"""What a booking's message says: to programs, to people, and to apps."""

import json

# The topic's DisplayName: who mail is from, and what text messages begin with.
HOTEL = "Hotel"
SUBJECT = "Your room is booked"


def texts(booking):
    """A text for each protocol. `default` is for those that are not named here."""
    words = "{booking_id}: room {room} from {arrival} to {departure}".format(**booking)
    return {
        "default": words,
        "sqs": json.dumps(booking),
        "lambda": json.dumps(booking),
        "email": f"Dear {booking['guest']},\n\nwe look forward to your stay.\n\n    {words}",
        "sms": f"{words}. See you!",
        "APNS": f"Your key opens room {booking['room']} ({booking['booking_id']})",
        "GCM": f"Please prepare room {booking['room']} ({booking['booking_id']})",
    }


def message(booking):
    """One message for all, by MessageStructure `json`. To apps goes what their platforms want."""
    structure = texts(booking)
    alert = {"title": HOTEL, "body": structure["APNS"]}
    structure["APNS"] = json.dumps({"aps": {"alert": alert, "sound": "default"}})
    notification = {"title": HOTEL, "body": structure["GCM"]}
    pushed = {"notification": notification, "data": {"booking_id": booking["booking_id"]}}
    structure["GCM"] = json.dumps({"fcmV1Message": {"message": pushed}})
    return json.dumps(structure)

//! Whom a permanent refusal is about: a message and its recipient, or us.

/// Whether a server has something against ourselves: who we are, how we speak, how much we have sent.
/// An operator can mend that, or a day that ends; until then it would befall every message.
///
/// Said where it is known, that is at the greeting, `AUTH` or `MAIL FROM`. But servers put it off to the
/// recipient (Postfix: `smtpd_delay_reject`) or behind the message (SES), and then only what they say
/// tells: the enhanced status of RFC 3463 if there is one, or else the words.
pub(super) fn is_about_us(during: &str, code: u16, text: &str) -> bool {
    if matches!(during, "the greeting" | "AUTH" | "MAIL FROM") {
        return true;
    }
    // Or that we have to use TLS: RFC 3207, section 4.
    if is_about_login(during, code) {
        return true;
    }
    match enhanced_status(text) {
        // Security and policy: "Relay access denied". Gmail's "daily sending quota exceeded".
        Some(status) => matches!(status, [5, 7, _] | [5, 4, 5]),
        // Exim's "relay not permitted", and "Email address is not verified" of SES.
        None => {
            let text = text.to_ascii_lowercase();
            text.contains("relay") || text.contains("not verified")
        }
    }
}

/// Whether it is our name or password that the server does not accept, or that it was shown none: RFC
/// 4954, section 6.
pub(super) fn is_about_login(during: &str, code: u16) -> bool {
    (during == "AUTH" && code >= 500) || matches!(code, 530 | 534 | 535 | 538)
}

/// Class, subject and detail, if the text begins with them.
fn enhanced_status(text: &str) -> Option<[u16; 3]> {
    let mut parts = text.split(' ').next()?.split('.').map(|part| part.parse().ok());
    let status = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_at_the_recipient_or_behind_the_message_tells_whom_they_mean() {
        for (code, text, expected) in [
            (554, "5.7.1 <a@example.org>: Relay access denied", true),
            (550, "5.7.26 This mail is unauthenticated", true),
            (550, "5.4.5 Daily user sending quota exceeded.", true),
            (550, "relay not permitted", true),
            (554, "Message rejected: Email address is not verified.", true),
            (530, "Authentication required", true),
            (550, "5.1.1 <a@example.org>: Recipient address rejected", false),
            (552, "5.2.2 Mailbox full", false),
            (550, "5.1.1 no user here, nor at relay.example.org", false),
            (550, "5.40.5 what", false),
            (550, "5.7 what", false),
            (550, "5.7.1.1 what", false),
            (550, "No such user here", false),
            (550, "", false),
        ] {
            for during in ["RCPT TO", "DATA", "the message"] {
                assert_eq!(is_about_us(during, code, text), expected, "{code} {text}");
            }
            assert!(is_about_us("MAIL FROM", code, text));
        }
        for (during, code, expected) in [
            ("AUTH", 535, true),
            ("AUTH", 504, true),
            ("AUTH", 454, false),
            ("MAIL FROM", 530, true),
            ("RCPT TO", 550, false),
        ] {
            assert_eq!(is_about_login(during, code), expected, "{during} {code}");
        }
    }
}

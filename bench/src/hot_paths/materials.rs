//! What the paths have in common: names, and messages as long as they are said to be.

use tidings_core::names::{AccountId, QueueArn, QueueName, Region};

/// The length of a body.
pub(super) const BODY_BYTES: usize = 1_024;

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const REGION: &str = "us-east-1";

pub(super) fn account() -> AccountId {
    AccountId::parse(ACCOUNT).expect("it is an account")
}

pub(super) fn region() -> Region {
    Region::parse(REGION).expect("it is a region")
}

pub(super) fn queue(name: &str) -> QueueArn {
    let name = QueueName::parse(name).expect("it is the name of a queue");
    QueueArn { account: account(), region: region(), name }
}

/// A body of [`BODY_BYTES`]: JSON, as most are, with a quotation mark every few characters.
pub(super) fn body(number: usize) -> String {
    let mut body = format!(r#"{{"event":"order_placed","number":{number},"items":["#);
    let end = r#"{"sku":"last"}],"note":""#;
    for item in 0.. {
        let item = format!(r#"{{"sku":"A-{item:04}","count":2,"price":"12.95"}},"#);
        if body.len() + item.len() + end.len() + 2 > BODY_BYTES {
            break;
        }
        body += &item;
    }
    body += end;
    body += &"x".repeat(BODY_BYTES - body.len() - 2);
    body + "\"}"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_their_length_and_differ() {
        assert_ne!(body(0), body(1));
        for number in [0, 9, 12_345] {
            assert_eq!(body(number).len(), BODY_BYTES);
        }
    }
}

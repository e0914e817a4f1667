//! Subscribers of the orders of many shops: filter policies that are alike and different, and
//! messages that none, one or ten of them accept.

use tidings_core::attributes::{AttributeValue, MessageAttribute};

/// What policies ask for: a shop's name, a range of prices, the start of a path, or some of each.
pub const KINDS: [&str; 4] = ["text", "range", "prefix", "mixed"];

/// Of so many policies, half want what no other does and half all the same.
pub const GROUP: u32 = 20;

/// What a policy of the group, or a message for it, wants. In the second half of a group it is the
/// same for all.
fn place(number: u32) -> u32 {
    if number % GROUP < GROUP / 2 { number } else { number - number % GROUP + GROUP / 2 }
}

/// `mixed` has some of each kind.
fn kind_of(kind: &str, group: u32) -> &str {
    match kind {
        "mixed" => KINDS[group as usize % 3],
        kind => kind,
    }
}

/// The filter policy of the subscription with this number.
pub fn policy(kind: &str, number: u32) -> String {
    let place = place(number);
    let wanted = match kind_of(kind, number / GROUP) {
        "text" => format!(r#""store": ["store-{place}"]"#),
        "range" => {
            let from = price(place);
            format!(r#""price": [{{"numeric": [">=", {from}, "<", {}]}}]"#, from + 3)
        }
        _ => format!(r#""path": [{{"prefix": "/site-{place}/"}}]"#),
    };
    format!(r#"{{"event": ["order_placed"], {wanted}}}"#)
}

/// Where a range of prices starts; up to the next there is room for a price that none has.
fn price(place: u32) -> u32 {
    5 * place
}

/// A message that some of the policies accept.
#[derive(Debug)]
pub struct Message {
    store: String,
    price: String,
    path: String,
    /// Its body: the same as its attributes, within JSON.
    pub body: String,
}

impl Message {
    /// A message for the policies of a group that so many of them accept: none, one or ten.
    pub fn new(kind: &str, group: u32, number: u32, matches: usize) -> Self {
        let place = match matches {
            1 => group * GROUP + number % (GROUP / 2),
            _ => group * GROUP + GROUP / 2,
        };
        let of_kind = |wanted| matches > 0 && kind_of(kind, group) == wanted;
        let store = match of_kind("text") {
            true => format!("store-{place}"),
            false => format!("shop-{place}"),
        };
        let path = match of_kind("prefix") {
            true => format!("/site-{place}/orders/{number}"),
            false => format!("/site-{place}-closed/orders/{number}"),
        };
        let price = match of_kind("range") {
            true => format!("{}.95", price(place)),
            false => format!("{}.95", price(place) + 3),
        };
        let body = format!(
            r#"{{"event": "order_placed", "store": "{store}", "price": {price}, "path": "{path}",
                "id": "5f2c-{number}", "customer": {{"id": {number}, "name": "A. Customer"}},
                "items": [{{"sku": "A-1", "count": 2}}, {{"sku": "B-7", "count": 1}}],
                "currency": "EUR", "express": false, "note": null}}"#
        );
        Self { store, price, path, body }
    }

    /// Its attributes.
    pub fn attributes(&self) -> [MessageAttribute<'_>; 6] {
        let attribute = |name, data_type, value| MessageAttribute {
            name,
            data_type,
            value: AttributeValue::Text(value),
        };
        [
            attribute("event", "String", "order_placed"),
            attribute("store", "String", &self.store),
            attribute("price", "Number", &self.price),
            attribute("path", "String", &self.path),
            attribute("currency", "String", "EUR"),
            attribute("tags", "String.Array", r#"["express", "gift"]"#),
        ]
    }
}

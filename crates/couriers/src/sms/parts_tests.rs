use proptest::prelude::*;

use super::*;

/// What a phone makes of the parts.
fn joined(parts: &Parts) -> String {
    bodies(parts).iter().map(|body| read(parts.coding, body).unwrap()).collect()
}

fn bodies(parts: &Parts) -> Vec<&[u8]> {
    let header = if parts.has_header() { 6 } else { 0 };
    parts.octets.iter().map(|octets| &octets[header..]).collect()
}

/// Strictly: an escape without its septet or half a surrogate pair is an error.
fn read(coding: Coding, body: &[u8]) -> Option<String> {
    match coding {
        Coding::Gsm7 => (body.last() != Some(&0x1B)).then(|| gsm7::decode(body)),
        Coding::Ucs2 => {
            let units = body.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            String::from_utf16(&units.collect::<Vec<_>>()).ok()
        }
    }
}

fn parts(text: &str) -> Parts {
    Parts::of(text, 7).unwrap()
}

fn lengths(text: &str) -> Vec<usize> {
    bodies(&parts(text)).iter().map(|body| body.len()).collect()
}

#[test]
fn what_fits_stands_alone() {
    assert_eq!(parts("").octets, [b""]);
    assert_eq!(lengths(&"a".repeat(160)), [160]);
    assert_eq!(lengths(&"a".repeat(161)), [153, 8]);
    assert_eq!(lengths(&"漢".repeat(70)), [140]);
    assert_eq!(lengths(&"漢".repeat(71)), [134, 8]);
    assert_eq!(parts("plain").coding, Coding::Gsm7);
    assert_eq!(parts("漢").coding, Coding::Ucs2);
}

#[test]
fn parts_say_which_they_are() {
    let octets = parts(&"a".repeat(400)).octets;
    let headers: Vec<_> = octets.iter().map(|part| &part[..6]).collect();
    assert_eq!(headers, [[5, 0, 3, 7, 3, 1], [5, 0, 3, 7, 3, 2], [5, 0, 3, 7, 3, 3]]);
}

#[test]
fn pairs_are_not_cut() {
    // 152 septets and then a pair: it does not fit into the first part's last septet.
    assert_eq!(lengths(&format!("{}€{}", "a".repeat(152), "b".repeat(10))), [152, 12]);
    assert_eq!(lengths(&"€".repeat(81)), [152, 10]);
    // 66 units and then a pair of surrogates.
    assert_eq!(lengths(&format!("{}😀{}", "漢".repeat(66), "漢".repeat(10))), [132, 24]);
}

#[test]
fn words_stay_whole_where_that_is_free() {
    let text = format!("{} {}", "a".repeat(150), "word".repeat(10));
    assert_eq!(lengths(&text), [151, 40]);
    // Two parts are exactly full: there is no room to be nice.
    let text = format!("{} {}", "a".repeat(150), "w".repeat(155));
    assert_eq!(lengths(&text), [153, 153]);
    // A word that is longer than a part.
    assert_eq!(lengths(&format!("{} b", "a".repeat(200))), [153, 49]);
}

#[test]
fn there_is_a_limit() {
    assert_eq!(parts(&"😀".repeat(1600)).octets.len(), 49);
    assert_eq!(parts(&"a".repeat(1600)).octets.len(), 11);
    // With the name of a topic before it.
    assert_eq!(parts(&"😀".repeat(1612)).octets.len(), 49);
    assert!(Parts::of(&"a".repeat(1613), 0).is_err());
}

/// The fewest parts there can be, found by filling each to the brim.
fn fewest(text: &str, coding: Coding) -> usize {
    let (alone, capacity) = coding.capacities();
    let widths: Vec<_> = text.chars().map(|it| coding.width(it).unwrap()).collect();
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut count, mut room) = (0, 0);
    for width in widths {
        if width > room {
            (count, room) = (count + 1, capacity);
        }
        room -= width;
    }
    count
}

fn text() -> impl Strategy<Value = String> {
    let gsm = prop::sample::select("abc XYZ 089 ß ñ € ^ {[~]} \n ".chars().collect::<Vec<_>>());
    let wide = prop::sample::select("漢 é 😀 👩 \u{301} z ".chars().collect::<Vec<_>>());
    prop_oneof![
        prop::collection::vec(gsm.clone(), 0..1600),
        prop::collection::vec(prop_oneof![gsm, wide], 0..1600),
        prop::collection::vec(any::<char>(), 0..200),
    ]
    .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn whatever_is_cut_comes_together_again(text in text()) {
        let parts = parts(&text);
        prop_assert_eq!(joined(&parts), &*text);
        prop_assert_eq!(parts.octets.len(), fewest(&text, parts.coding));
        for (body, octets) in bodies(&parts).iter().zip(&parts.octets) {
            let (alone, of_several) = parts.coding.capacities();
            let capacity = if parts.has_header() { of_several } else { alone };
            let units = if parts.coding == Coding::Ucs2 { body.len() / 2 } else { body.len() };
            prop_assert!(units <= capacity);
            prop_assert!(octets.len() <= 160);
            prop_assert!(read(parts.coding, body).is_some());
        }
    }
}

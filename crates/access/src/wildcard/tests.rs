use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What a pattern means, in as few words as possible.
fn plainly(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            plainly(rest, text) || text.split_first().is_some_and(|(_, t)| plainly(pattern, t))
        }
        (Some(('?', rest)), Some((_, text))) => plainly(rest, text),
        (Some((wanted, rest)), Some((found, text))) => wanted == found && plainly(rest, text),
        _ => false,
    }
}

#[test]
fn wildcards_match_what_they_should() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("?", "", false),
        ("?", "é", true),
        ("a*", "a", true),
        ("*a", "ba", true),
        ("a*a", "a", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*?b?*c", "axbxxbxc", true),
        ("sqs:*Message", "sqs:SendMessage", true),
        ("sqs:*Message", "sqs:SendMessageBatch", false),
        ("arn:aws:sqs:*:*:orders-?", "arn:aws:sqs:eu-west-1:1:orders-7", true),
        ("**", "anything", true),
    ] {
        assert_eq!(Pattern::parse(pattern).matches(text), expected, "{pattern} {text}");
    }
}

/// Backtracking would take longer than the universe has; the product of the lengths, minutes.
#[test]
fn hostile_patterns_are_quick() {
    let text = "a".repeat(100_000);
    let stars = "*a".repeat(4_000) + "b";
    assert!(!Pattern::parse(&stars).matches(&text));
    let loose = format!("*{}?{}b*", "a".repeat(4_000), "a".repeat(4_000));
    assert!(!Pattern::parse(&loose).matches(&text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn agrees_with_the_plain_meaning(
        pattern in vec(prop::sample::select(vec!['a', 'b', 'é', '*', '?']), 0..9),
        text in vec(prop::sample::select(vec!['a', 'b', 'é']), 0..12),
    ) {
        let compiled = Pattern::parse(&pattern.iter().collect::<String>());
        let text_of: String = text.iter().collect();
        prop_assert_eq!(compiled.matches(&text_of), plainly(&pattern, &text));
    }

    /// Pieces of more than 64 characters take several words.
    #[test]
    fn long_pieces_are_found(
        before in "[ab]{0,99}", piece in "[abc?]{1,200}", after in "[ab]{0,99}", spoil in any::<bool>(),
    ) {
        let filled = piece.replace('?', "c");
        let text = format!("{before}{filled}{after}");
        let pattern = Pattern::parse(&format!("*{piece}*"));
        prop_assert!(pattern.matches(&text));
        if spoil {
            let pattern = Pattern::parse(&format!("*{piece}x?*"));
            prop_assert!(!pattern.matches(&text));
        }
    }
}

//! Words that opt a number out.

/// What a phone answers to get no more messages: user guide of SNS, "Opting out of receiving SMS
/// messages".
const OPT_OUT_WORDS: [&str; 10] =
    ["ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"];

/// The word by which a message opts its sender out. It stands alone, in letters of any case, and
/// with nothing around it but spaces, quotation marks and what ends a sentence.
pub(super) fn opt_out_word(text: &str) -> Option<&'static str> {
    let around = |it: char| {
        it.is_whitespace() || it.is_control() || matches!(it, '.' | '!' | '"' | '\'' | '“' | '”')
    };
    let word = text.trim_matches(around);
    // ARRÊT, as a French phone would correct it.
    let is_accented = word.to_lowercase() == "arrêt";
    let word = if is_accented { "ARRET" } else { word };
    OPT_OUT_WORDS.into_iter().find(|it| it.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_alone_opts_out() {
        for word in OPT_OUT_WORDS {
            assert_eq!(opt_out_word(word), Some(word));
            assert_eq!(opt_out_word(&format!(" {}!\r\n", word.to_lowercase())), Some(word));
        }
        assert_eq!(opt_out_word("Arrêt"), Some("ARRET"));
        assert_eq!(opt_out_word("“Stop”."), Some("STOP"));
        for text in ["", "please stop", "STOPP", "don't stop", "start", "the end", "S T O P"] {
            assert_eq!(opt_out_word(text), None, "{text}");
        }
    }
}

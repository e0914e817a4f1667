//! What a text message needs beside its text.

use tidings_core::limits::SMS_DISPLAY_NAME_CHARACTERS_MAX;

/// What a text message needs beside its text: of its topic, and of its attributes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TextMessage {
    /// The topic's DisplayName: the text begins with it. Empty for none.
    pub display_name: String,
    /// Who it is to come from: `AWS.MM.SMS.OriginationNumber`, or `AWS.SNS.SMS.SenderID`. Without
    /// either, whoever is configured.
    pub sender: Option<String>,
    /// `AWS.SNS.SMS.SMSType` is `Transactional`: somebody waits for it.
    pub is_transactional: bool,
    /// `AWS.SNS.SMS.MaxPrice`: what it may cost at most.
    pub max_price: Option<String>,
}

impl TextMessage {
    /// With what there is for text messages among a message's attributes: it goes before what was
    /// there. Developer guide of SNS, "Publishing SMS messages to a mobile phone".
    #[must_use]
    pub fn with_attributes<'a>(
        mut self,
        attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut number = None;
        for (name, value) in attributes {
            match name {
                "AWS.SNS.SMS.SenderID" => self.sender = Some(value.to_owned()),
                "AWS.MM.SMS.OriginationNumber" => number = Some(value.to_owned()),
                "AWS.SNS.SMS.SMSType" => {
                    self.is_transactional = value.eq_ignore_ascii_case("Transactional");
                }
                "AWS.SNS.SMS.MaxPrice" => self.max_price = Some(value.to_owned()),
                _ => {}
            }
        }
        self.sender = number.or(self.sender);
        self
    }

    /// The whole text: with the DisplayName before it, if there is one.
    pub(super) fn text(&self, message: &str) -> String {
        if self.display_name.is_empty() {
            return message.to_owned();
        }
        let name: String =
            self.display_name.chars().take(SMS_DISPLAY_NAME_CHARACTERS_MAX).collect();
        format!("{name}> {message}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_for_text_messages_are_taken() {
        let attributes = [
            ("AWS.MM.SMS.OriginationNumber", "+15551234567"),
            ("AWS.SNS.SMS.SenderID", "Hotel"),
            ("AWS.SNS.SMS.SMSType", "Transactional"),
            ("AWS.SNS.SMS.MaxPrice", "0.10"),
            ("colour", "blue"),
        ];
        let expected = TextMessage {
            display_name: String::new(),
            sender: Some("+15551234567".into()),
            is_transactional: true,
            max_price: Some("0.10".into()),
        };
        let defaults = TextMessage { sender: Some("Tides".into()), ..TextMessage::default() };
        assert_eq!(defaults.clone().with_attributes(attributes), expected);
        assert_eq!(defaults.clone().with_attributes([]), defaults);
        let sender = defaults.with_attributes([("AWS.SNS.SMS.SenderID", "Hotel")]).sender;
        assert_eq!(sender.as_deref(), Some("Hotel"));
    }

    #[test]
    fn ten_characters_of_the_name_stand_first() {
        let named =
            |name: &str| TextMessage { display_name: name.into(), ..TextMessage::default() };
        assert_eq!(named("").text("hi"), "hi");
        assert_eq!(named("Tides").text("hi"), "Tides> hi");
        assert_eq!(named("Überseehotel").text("hi"), "Überseehot> hi");
    }
}

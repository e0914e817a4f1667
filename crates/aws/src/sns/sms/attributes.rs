//! SetSMSAttributes and GetSMSAttributes. Their members begin with small letters.

use tidings_core::command::Pairs;
use tidings_core::rejection::TopicRejection;

use crate::query::Fields;
use crate::response::{Members, Output};
use crate::sns::checks::Required;
use crate::sns::pairs;

/// The attributes that SetSMSAttributes is to set.
///
/// # Errors
/// ValidationError if there are none.
pub fn to_set(fields: &Fields<'_>) -> Result<Pairs, TopicRejection> {
    let mut required = Required::default();
    let attributes = required.list("attributes", pairs::map(fields, "attributes"));
    required.check()?;
    Ok(attributes)
}

/// The names of the attributes that GetSMSAttributes is to show; none for all.
pub fn to_get(fields: &Fields<'_>) -> Vec<String> {
    pairs::texts(fields, "attributes")
}

/// The output of GetSMSAttributes.
#[derive(Debug)]
pub struct GetSmsAttributesOutput {
    /// Names and values.
    pub attributes: Vec<(&'static str, String)>,
}

impl Output for GetSmsAttributesOutput {
    fn write(&self, members: &mut Members<'_>) {
        let attributes = self.attributes.iter().map(|(name, value)| (*name, value.as_str()));
        members.entry_map("attributes", attributes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::query::Form;
    use crate::sns::testing::{assert_written, missing};

    #[test]
    fn members_begin_with_small_letters() {
        let form = "attributes.entry.1.key=DefaultSMSType&attributes.entry.1.value=Transactional";
        let form = Form::read(form.as_bytes(), "").unwrap();
        let pair = ("DefaultSMSType".to_owned(), "Transactional".to_owned());
        assert_eq!(to_set(&form.fields()), Ok(vec![pair]));
        let form = Form::read(b"Attributes.entry.1.key=DefaultSMSType", "").unwrap();
        assert_eq!(to_set(&form.fields()).map_err(Into::into), Err(missing(&["attributes"])));
        let form = Form::read(b"attributes.member.1=DefaultSMSType", "").unwrap();
        assert_eq!(to_get(&form.fields()), ["DefaultSMSType"]);
    }

    #[test]
    fn attributes_are_written() {
        let attributes = vec![("MonthlySpendLimit", "1".to_owned())];
        assert_written(
            SnsAction::GetSMSAttributes,
            &GetSmsAttributesOutput { attributes },
            "<attributes><entry><key>MonthlySpendLimit</key><value>1</value></entry></attributes>",
        );
    }
}

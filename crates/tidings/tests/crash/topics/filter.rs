//! What subscribers want.

use serde_json::Value;

use super::name::{Looks, Name};

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Filter {
    /// No filter.
    All,
    Red,
    NotBlue,
    Heavy,
    /// By the body: light, and not red.
    LightBody,
}

impl Filter {
    /// Those that look at attributes, so that one can take the place of another.
    pub(crate) const BY_ATTRIBUTES: [Self; 4] = [Self::All, Self::Red, Self::NotBlue, Self::Heavy];

    /// FilterPolicy; nothing takes a policy away.
    pub(crate) fn policy(self) -> &'static str {
        match self {
            Self::All => "{}",
            Self::Red => r#"{"shade":["red"]}"#,
            Self::NotBlue => r#"{"shade":[{"anything-but":["blue"]}]}"#,
            Self::Heavy => r#"{"weight":[{"numeric":[">=",50]}]}"#,
            Self::LightBody => {
                r#"{"shade":["green","blue"],"load":{"weight":[{"numeric":["<",40]}]}}"#
            }
        }
    }

    pub(crate) fn is_by_body(self) -> bool {
        self == Self::LightBody
    }

    /// The filter whose policy this is.
    pub(crate) fn of_policy(policy: Option<&str>) -> Option<Self> {
        let Some(policy) = policy else { return Some(Self::All) };
        let parsed = |text| serde_json::from_str::<Value>(text).ok();
        let policy = parsed(policy)?;
        let all = Self::BY_ATTRIBUTES.into_iter().chain([Self::LightBody]);
        all.into_iter().find(|filter| parsed(filter.policy()).as_ref() == Some(&policy))
    }

    pub(crate) fn matches(self, name: Name) -> bool {
        let Looks { shade, weight } = name.looks();
        match self {
            Self::All => true,
            Self::Red => shade == "red",
            Self::NotBlue => shade != "blue",
            Self::Heavy => weight >= 50,
            Self::LightBody => shade != "red" && weight < 40,
        }
    }
}

//! The two protocols of SQS. SNS has the older one only.

use serde::Serialize;

/// How SQS is spoken to.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// AWS JSON 1.0.
    #[default]
    Json,
    /// AWS Query: forms, answered in XML.
    Query,
}

impl Protocol {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Query => "query",
        }
    }
}

//! Managed policies of AWS itself that mean something here: those that examples and Terraform
//! modules attach. Everyone can attach them, nobody can change them.

use std::sync::{Arc, LazyLock};

use tidings_access::{Kind, PolicyDocument};

/// A managed policy that every account has.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) id: &'static str,
    pub(crate) description: &'static str,
    pub(crate) text: &'static str,
    pub(crate) document: Arc<PolicyDocument>,
}

impl Builtin {
    pub(crate) fn arn(&self) -> String {
        format!("{ARN_START}{}", self.name)
    }
}

/// What their ARNs begin with.
const ARN_START: &str = "arn:aws:iam::aws:policy/";

/// When they are said to have been made: 2015-02-06T18:40:00Z, which is about when AWS's were.
pub(crate) const CREATED_AT_MS: u64 = 1_423_248_000_000;

/// By name. The ids are made up, in the form of AWS's.
static ALL: LazyLock<Vec<Builtin>> = LazyLock::new(|| {
    let document = |(name, id, description, text): (_, _, _, &'static str)| {
        let document = PolicyDocument::parse(text, Kind::Identity);
        let document = Arc::new(document.expect("these documents are tested"));
        Builtin { name, id, description, text, document }
    };
    TEXTS.into_iter().map(document).collect()
});

const TEXTS: [(&str, &str, &str, &str); 6] = [
    (
        "AdministratorAccess",
        "ANPAADMINISTRATORACCE",
        "Provides full access to AWS services and resources.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "AmazonSNSFullAccess",
        "ANPAAMAZONSNSFULLACCE",
        "Provides full access to Amazon SNS via the AWS Management Console.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sns:*"],"Resource":"*"}]}"#,
    ),
    (
        "AmazonSNSReadOnlyAccess",
        "ANPAAMAZONSNSREADONLY",
        "Provides read only access to Amazon SNS via the AWS Management Console.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sns:Get*","sns:List*"],"Resource":"*"}]}"#,
    ),
    (
        "AmazonSQSFullAccess",
        "ANPAAMAZONSQSFULLACCE",
        "Provides full access to Amazon SQS via the AWS Management Console.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*"],"Resource":"*"}]}"#,
    ),
    (
        "AmazonSQSReadOnlyAccess",
        "ANPAAMAZONSQSREADONLY",
        "Provides read only access to Amazon SQS via the AWS Management Console.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:GetQueueAttributes","sqs:GetQueueUrl","sqs:ListDeadLetterSourceQueues","sqs:ListQueues","sqs:ListMessageMoveTasks","sqs:ListQueueTags"],"Resource":"*"}]}"#,
    ),
    (
        "ReadOnlyAccess",
        "ANPAREADONLYACCESSALL",
        "Provides read-only access to AWS services and resources.",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*","kms:Describe*","kms:Get*","kms:List*","sns:Check*","sns:Get*","sns:List*","sqs:Get*","sqs:List*","sts:GetAccessKeyInfo"],"Resource":"*"}]}"#,
    ),
];

/// The one of this ARN.
pub(crate) fn find(arn: &str) -> Option<&'static Builtin> {
    let name = arn.strip_prefix(ARN_START)?;
    ALL.iter().find(|builtin| builtin.name == name)
}

/// All of them, by name.
pub(crate) fn all() -> &'static [Builtin] {
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_documents_in_order() {
        assert_eq!(all().len(), TEXTS.len());
        assert!(all().is_sorted_by_key(|builtin| builtin.name));
        for builtin in all() {
            assert_eq!(builtin.id.len(), 21, "{}", builtin.name);
            assert_eq!(find(&builtin.arn()).unwrap().id, builtin.id);
        }
        assert!(find("arn:aws:iam::aws:policy/job-function/AdministratorAccess").is_none());
    }
}

//! Which permissions an operation needs. Service Authorization Reference, "Actions, resources, and
//! condition keys"; SQS and SNS developer guides, on batches and move tasks.

mod iam;
mod kms;
mod lambda;
mod sns;
mod sqs;
mod sts;
#[cfg(test)]
mod tests;

/// One permission that an operation needs. It needs every one whose [`When`] is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permission {
    /// Such as `sqs:SendMessage`.
    pub action: &'static str,
    /// On what.
    pub on: On,
    /// In which requests.
    pub when: When,
}

/// What a permission is needed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    /// The queue, topic, key, function, user, group, role or managed policy that the request names, or creates.
    Named,
    /// No resource in particular: evaluate with `arn:aws:sqs:REGION:ACCOUNT:*`, which is also what
    /// the text of a denial names.
    Service,
    /// The topic of the subscription that the request names, or is to confirm.
    TopicOfSubscription,
    /// The phone number of a Publish without a topic, itself in place of an ARN.
    PhoneNumber,
    /// The platform application or endpoint that the request names.
    Platform,
    /// The queue that a move task moves to: the one named, or each source of the dead-letter queue.
    MoveDestination,
    /// The alias that the request names.
    Alias,
    /// The key that an alias has, or is to have.
    KeyOfAlias,
    /// The key that a ciphertext is under, of ReEncrypt.
    SourceKey,
    /// The key that it is to be under.
    DestinationKey,
}

/// In which requests a permission is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// In all.
    Always,
    /// In those that set tags.
    WithTags,
    /// In those that set a source identity.
    WithSourceIdentity,
    /// In those that name a topic or an endpoint, rather than a phone number.
    ToArn,
    /// In those that name a phone number.
    ToPhoneNumber,
}

/// What an operation needs; nothing for GetCallerIdentity, which no policy can deny. `service` is
/// `iam`, `kms`, `lambda`, `sns`, `sqs` or `sts`, `operation` the name in its exact case. `None` if there is none.
pub fn required(service: &str, operation: &str) -> Option<&'static [Permission]> {
    let table = table(service)?;
    let at = table.binary_search_by(|(name, _)| (*name).cmp(operation)).ok()?;
    table.get(at).map(|(_, permissions)| *permissions)
}

/// Every permission that the operations of a service need, some of them more than once; `None` for
/// a service that is not known here. What is not among them is never asked for.
pub fn all(service: &str) -> Option<impl Iterator<Item = &'static Permission>> {
    Some(table(service)?.iter().flat_map(|(_, permissions)| *permissions))
}

fn table(service: &str) -> Option<&'static [Row]> {
    Some(match service {
        "iam" => &iam::TABLE,
        "sqs" => &sqs::TABLE,
        "sns" => &sns::TABLE,
        "kms" => &kms::TABLE,
        "lambda" => &lambda::TABLE,
        "sts" => &sts::TABLE,
        _ => return None,
    })
}

/// Whether other accounts can be allowed an action by the resource's policy. `action` in lower
/// case.
pub(crate) fn is_cross_account(action: &str) -> bool {
    match action.split_once(':') {
        Some(("sqs", name)) => !sqs::OWN_ACCOUNT.contains(&name),
        Some(("sns", name)) => !sns::OWN_ACCOUNT.contains(&name),
        _ => true,
    }
}

/// An operation and what it needs.
type Row = (&'static str, &'static [Permission]);

/// The usual: one permission, in every request.
const fn always(action: &'static str, on: On) -> Permission {
    Permission { action, on, when: When::Always }
}

/// One that only some requests need.
const fn some(action: &'static str, on: On, when: When) -> Permission {
    Permission { action, on, when }
}

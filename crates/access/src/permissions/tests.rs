use super::*;

fn needed(service: &str, operation: &str) -> Vec<&'static str> {
    let permissions = required(service, operation).unwrap();
    permissions.iter().map(|permission| permission.action).collect()
}

#[test]
fn tables_are_in_order_and_speak_of_their_own_service() {
    for (service, table) in [
        ("iam", &iam::TABLE[..]),
        ("sqs", &sqs::TABLE[..]),
        ("sns", &sns::TABLE[..]),
        ("kms", &kms::TABLE[..]),
        ("lambda", &lambda::TABLE[..]),
        ("sts", &sts::TABLE[..]),
    ] {
        assert!(table.is_sorted_by(|(one, _), (other, _)| one < other), "{service}");
        for (operation, permissions) in table {
            assert_eq!(required(service, operation), Some(*permissions));
            for permission in *permissions {
                assert_eq!(permission.action.split_once(':').unwrap().0, service);
            }
        }
    }
}

#[test]
fn batches_need_the_single_action() {
    for (service, batch, single) in [
        ("sqs", "SendMessageBatch", "sqs:SendMessage"),
        ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
        ("sqs", "ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
        ("sns", "PublishBatch", "sns:Publish"),
    ] {
        assert_eq!(needed(service, batch), [single]);
    }
}

#[test]
fn some_need_more_than_their_own() {
    let of_task = [
        "sqs:StartMessageMoveTask",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:SendMessage",
    ];
    assert_eq!(needed("sqs", "StartMessageMoveTask"), of_task);
    assert_eq!(needed("kms", "ReEncrypt"), ["kms:ReEncryptFrom", "kms:ReEncryptTo"]);
    assert_eq!(
        needed("sts", "AssumeRole"),
        ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    );
    assert!(needed("sts", "GetCallerIdentity").is_empty());
}

#[test]
fn unknown_operations_are_none() {
    for (service, operation) in
        [("sqs", "sendmessage"), ("sqs", "Publish"), ("s3", "GetObject"), ("kms", "")]
    {
        assert_eq!(required(service, operation), None);
    }
}

#[test]
fn actions_that_stay_in_the_account_exist() {
    for (service, actions) in [("sqs", &sqs::OWN_ACCOUNT[..]), ("sns", &sns::OWN_ACCOUNT[..])] {
        for name in actions {
            let table = if service == "sqs" { &sqs::TABLE[..] } else { &sns::TABLE[..] };
            assert!(table.iter().any(|(known, _)| known.to_lowercase() == *name), "{name}");
            assert!(!is_cross_account(&format!("{service}:{name}")));
        }
    }
    assert!(is_cross_account("sqs:sendmessage"));
    assert!(is_cross_account("sns:publish"));
    assert!(is_cross_account("kms:decrypt"));
}

#[test]
fn what_may_be_asked_for_is_listed() {
    let of_keys: Vec<&str> = all("kms").unwrap().map(|permission| permission.action).collect();
    // No operation is called so.
    assert!(of_keys.contains(&"kms:ReEncryptFrom") && !of_keys.contains(&"kms:ReEncrypt"));
    assert!(all("s3").is_none() && all("SQS").is_none());
}

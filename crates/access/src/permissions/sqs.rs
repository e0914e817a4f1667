//! The operations of SQS. A batch needs the permission of its single form.

use super::{On, Row, When, always, some};

/// Actions, in lower case, that no queue's or topic's policy can allow to other accounts. SQS
/// developer guide, "Limitations of Amazon SQS custom policies".
pub(super) const OWN_ACCOUNT: [&str; 12] = [
    "addpermission",
    "cancelmessagemovetask",
    "createqueue",
    "deletequeue",
    "listmessagemovetasks",
    "listqueues",
    "listqueuetags",
    "removepermission",
    "setqueueattributes",
    "startmessagemovetask",
    "tagqueue",
    "untagqueue",
];

pub(super) const TABLE: [Row; 23] = [
    ("AddPermission", &[always("sqs:AddPermission", On::Named)]),
    ("CancelMessageMoveTask", &[always("sqs:CancelMessageMoveTask", On::Named)]),
    ("ChangeMessageVisibility", &[always("sqs:ChangeMessageVisibility", On::Named)]),
    ("ChangeMessageVisibilityBatch", &[always("sqs:ChangeMessageVisibility", On::Named)]),
    (
        "CreateQueue",
        &[always("sqs:CreateQueue", On::Named), some("sqs:TagQueue", On::Named, When::WithTags)],
    ),
    ("DeleteMessage", &[always("sqs:DeleteMessage", On::Named)]),
    ("DeleteMessageBatch", &[always("sqs:DeleteMessage", On::Named)]),
    ("DeleteQueue", &[always("sqs:DeleteQueue", On::Named)]),
    ("GetQueueAttributes", &[always("sqs:GetQueueAttributes", On::Named)]),
    ("GetQueueUrl", &[always("sqs:GetQueueUrl", On::Named)]),
    ("ListDeadLetterSourceQueues", &[always("sqs:ListDeadLetterSourceQueues", On::Named)]),
    ("ListMessageMoveTasks", &[always("sqs:ListMessageMoveTasks", On::Named)]),
    ("ListQueueTags", &[always("sqs:ListQueueTags", On::Named)]),
    ("ListQueues", &[always("sqs:ListQueues", On::Service)]),
    ("PurgeQueue", &[always("sqs:PurgeQueue", On::Named)]),
    ("ReceiveMessage", &[always("sqs:ReceiveMessage", On::Named)]),
    ("RemovePermission", &[always("sqs:RemovePermission", On::Named)]),
    ("SendMessage", &[always("sqs:SendMessage", On::Named)]),
    ("SendMessageBatch", &[always("sqs:SendMessage", On::Named)]),
    ("SetQueueAttributes", &[always("sqs:SetQueueAttributes", On::Named)]),
    (
        "StartMessageMoveTask",
        &[
            always("sqs:StartMessageMoveTask", On::Named),
            always("sqs:ReceiveMessage", On::Named),
            always("sqs:DeleteMessage", On::Named),
            always("sqs:GetQueueAttributes", On::Named),
            always("sqs:SendMessage", On::MoveDestination),
        ],
    ),
    ("TagQueue", &[always("sqs:TagQueue", On::Named)]),
    ("UntagQueue", &[always("sqs:UntagQueue", On::Named)]),
];

//! Tags and permissions, as commands. Their forms are tested beside their code.

use super::scene::*;
use crate::command::{Command, Reply};
use crate::rejection::Rejection;

#[test]
fn tags_come_with_a_queue_and_change() {
    in_every_way(|s| {
        let tags = pairs(&[("team", "blue"), ("stage", "")]);
        s.run(Command::CreateQueue { arn: arn("orders"), attributes: Vec::new(), tags }).unwrap();
        let tags = pairs(&[("team", "red"), ("Team", "case counts")]);
        s.run(Command::TagQueue { arn: arn("orders"), tags }).unwrap();
        let keys = vec!["stage".to_owned(), "unknown".to_owned()];
        s.run(Command::UntagQueue { arn: arn("orders"), keys }).unwrap();
        let expected = pairs(&[("Team", "case counts"), ("team", "red")]);
        assert_eq!(s.run(Command::QueueTags { arn: arn("orders") }), Ok(Reply::Tags(expected)));
    });
}

#[test]
fn tags_that_are_refused_change_nothing() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let tags = pairs(&[("good", "1"), ("", "2")]);
        s.run(Command::TagQueue { arn: arn("orders"), tags }).unwrap_err();
        let none = s.run(Command::TagQueue { arn: arn("orders"), tags: Vec::new() });
        assert_eq!(none, Err(Rejection::MissingParameter("Tags".into())));
        assert_eq!(s.run(Command::QueueTags { arn: arn("orders") }), Ok(Reply::Tags(Vec::new())));
    });
}

fn permit(s: &mut Scene, label: &str, action: &str) -> Result<Reply, Rejection> {
    s.run(Command::AddPermission {
        arn: arn("orders"),
        label: label.into(),
        accounts: vec!["123456789012".into()],
        actions: vec![action.into()],
    })
}

fn forbid(s: &mut Scene, label: &str) -> Result<Reply, Rejection> {
    s.run(Command::RemovePermission { arn: arn("orders"), label: label.into() })
}

#[test]
fn permissions_build_the_policy_and_take_it_down() {
    in_every_way(|s| {
        s.create("orders", &[]);
        permit(s, "first", "SendMessage").unwrap();
        permit(s, "second", "ReceiveMessage").unwrap();
        let policy = s.attribute("orders", "Policy").unwrap();
        assert!(policy.contains(r#""Sid":"first""#) && policy.contains(r#""Sid":"second""#));
        assert_eq!(
            permit(s, "first", "DeleteMessage").unwrap_err().to_string(),
            "Value first for parameter Label is invalid. Reason: Already exists."
        );
        assert_eq!(
            forbid(s, "third").unwrap_err().to_string(),
            "Value third for parameter Label is invalid. Reason: can't find label."
        );
        assert_eq!(s.attribute("orders", "Policy").unwrap(), policy);
        forbid(s, "first").unwrap();
        forbid(s, "second").unwrap();
        assert_eq!(s.attribute("orders", "Policy"), None);
    });
}

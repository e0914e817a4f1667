//! The register: what others keep in the shard.

use super::scene::*;
use crate::command::{Command, Reply};
use crate::limits;
use crate::register::RegisterWrite;
use crate::rejection::Rejection;

fn write(s: &mut Scene, writes: &[(&str, Option<&str>)]) -> Result<Reply, Rejection> {
    let owned = |(name, value): &(&str, Option<&str>)| -> RegisterWrite {
        ((*name).to_owned(), value.map(|value| value.as_bytes().to_vec()))
    };
    s.run(Command::WriteRegister { writes: writes.iter().map(owned).collect() })
}

fn read(s: &mut Scene, prefix: &str) -> Vec<(String, String)> {
    match s.run(Command::ReadRegister { prefix: prefix.to_owned() }) {
        Ok(Reply::Register(entries)) => entries
            .into_iter()
            .map(|(name, value)| (name, String::from_utf8(value.to_vec()).unwrap()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn entries_are_written_whole_and_read_by_the_beginning_of_their_names() {
    in_every_way(|s| {
        let both = [("users/ann", Some("1")), ("users/bob", Some("2")), ("userz", Some(""))];
        assert_eq!(write(s, &both), Ok(Reply::Done));
        assert_eq!(write(s, &[("keys/a", Some("3")), ("users/bob", None)]), Ok(Reply::Done));
        assert_eq!(write(s, &[("users/ann", Some("4")), ("never", None)]), Ok(Reply::Done));
        assert_eq!(read(s, "users/"), pairs(&[("users/ann", "4")]));
        assert_eq!(read(s, "users/zoe"), []);
        let all = pairs(&[("keys/a", "3"), ("users/ann", "4"), ("userz", "")]);
        assert_eq!(read(s, ""), all);
    });
}

#[test]
fn what_is_too_large_changes_nothing() {
    in_every_way(|s| {
        write(s, &[("a", Some("1"))]).unwrap();
        let long_name = "n".repeat(limits::REGISTER_NAME_BYTES_MAX);
        let long_value = "v".repeat(limits::REGISTER_VALUE_BYTES_MAX);
        assert_eq!(write(s, &[(&long_name, Some(&long_value))]), Ok(Reply::Done));
        assert_eq!(write(s, &[(&long_name, None)]), Ok(Reply::Done));
        let many = vec![("a", Some("2")); limits::REGISTER_WRITES_MAX + 1];
        let large = [("a", Some("2")), ("b", Some(&long_value))];
        let large: Vec<_> = large.iter().cycle().take(10).copied().collect();
        for refused in [
            &[("a", Some("2")), (&format!("{long_name}n"), Some("2"))][..],
            &[("a", Some("2")), ("b", Some(&format!("{long_value}v")))],
            &many,
            &large,
        ] {
            let outcome = write(s, refused);
            assert!(matches!(outcome, Err(Rejection::OverLimit(_))), "{outcome:?}");
        }
        assert_eq!(read(s, ""), pairs(&[("a", "1")]));
    });
}

//! `tidings root-key new`: who lost the first key gets in again.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "what tests share is theirs")]

mod support;

use std::path::Path;
use std::process::Output;

use support::{Key, Server, text, tidings};

fn new_key(folder: &Path, arguments: &[&str]) -> Output {
    tidings(folder, &[&["root-key", "new"], arguments].concat()).output().unwrap()
}

#[test]
fn a_lost_key_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, &[]);
    let first = Key::of(&server.greeting).unwrap();
    assert_eq!(server.status(&first), 200);
    let refused = new_key(folder, &[]);
    assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), ""), "a server has it");
    server.stop();

    let made = new_key(folder, &[]);
    let shown = text(&made.stdout);
    assert!(shown.starts_with("Account 000000000000 in tidings-data.\n\n"), "{shown}");
    assert!(!shown.contains("Removed") && shown.contains("It is not shown again"), "{shown}");
    let second = Key::of(shown).unwrap();
    let full = new_key(folder, &[]);
    assert_eq!(
        (full.status.code(), text(&full.stderr)),
        (
            Some(1),
            "tidings: the root user of account 000000000000 has two access keys already, and can \
             have no more: --replace removes them\n"
        )
    );
    let server = Server::start(folder, &[]);
    assert!(Key::of(&server.greeting).is_none(), "it is no first start");
    assert_eq!((server.status(&first), server.status(&second)), (200, 200));
    server.stop();

    let replaced = new_key(folder, &["--replace", "--region", "eu-west-1"]);
    let shown = text(&replaced.stdout);
    let line = format!("\nRemoved, and good no more: {}, {}.\n\n", first.id, second.id);
    assert!(shown.contains(&line), "{shown}");
    assert!(shown.contains("set region eu-west-1 --profile"), "{shown}");
    let third = Key::of(shown).unwrap();
    let server = Server::start(folder, &[]);
    assert_eq!([&first, &second, &third].map(|key| server.status(key)), [403, 403, 200]);
    server.stop();
}

#[test]
fn the_key_is_for_the_account_and_sealed_by_the_settings_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let generated = tidings(folder, &["master-key", "new"]).output().unwrap();
    std::fs::write(folder.join("master"), &generated.stdout).unwrap();
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.join("master"), owner_only).unwrap();
    let flags = ["--account", "111122223333", "--master-key-file", "master"];
    let server = Server::start(folder, &flags);
    let first = Key::of(&server.greeting).unwrap();
    server.stop();

    let keyless = new_key(folder, &["--account", "111122223333"]);
    assert_eq!(keyless.status.code(), Some(1));
    assert!(text(&keyless.stderr).contains("master key"), "{}", text(&keyless.stderr));
    let replaced = new_key(folder, &[&flags[..], &["--replace"]].concat());
    assert!(text(&replaced.stdout).contains(&first.id), "{}", text(&replaced.stderr));
    let second = Key::of(text(&replaced.stdout)).unwrap();
    let server = Server::start(folder, &flags);
    assert_eq!((server.status(&first), server.status(&second)), (403, 200));
    server.stop();
}

#[test]
fn a_folder_that_is_none_is_not_made_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = new_key(folder.path(), &["--data", "elsewhere"]);
    assert_eq!(text(&output.stderr), "tidings: elsewhere is no data folder\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path().join("elsewhere").exists());
}

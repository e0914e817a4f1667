//! Whole data folders: what can be found in them, and who can open them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::command::{Command, Outgoing, ReceiveRequest, Reply};
use tidings_core::message::{Content, Sealing};
use tidings_core::names::{FifoId, QueueArn};
use tidings_core::record::MessageRecord;
use tidings_seal::{EnvelopeError, MasterKey};

use super::{SealError, change_master_key};
use crate::broker::{Broker, Options};
use crate::failure::{Failure, OpenError};

/// What a folder is told that nobody is to find in it.
const NEEDLES: [&str; 6] = [
    "confidential-queue",
    "owner-of-queue",
    "a body to hide",
    "colour-code",
    "ultramarine",
    "customer-4711",
];

fn master(byte: u8) -> Option<MasterKey> {
    Some(MasterKey::new([byte; 32]))
}

fn open(folder: &Path, key: Option<MasterKey>) -> Result<Broker, OpenError> {
    let options = Options { master_key: key, ..Options::new(folder) };
    Broker::open(options).map(|(broker, _)| broker)
}

fn queue() -> QueueArn {
    QueueArn::parse("arn:aws:sqs:us-east-1:000000000000:confidential-queue").unwrap()
}

async fn create_queue(broker: &Broker) {
    let tags = vec![("owner-of-queue".to_owned(), "ultramarine".to_owned())];
    let command = Command::CreateQueue { arn: queue(), attributes: vec![], tags };
    assert_eq!(broker.call(command).await, Ok(Reply::Done));
}

async fn send(broker: &Broker, body: &str) {
    let attribute = MessageAttribute {
        name: "colour-code",
        data_type: "String",
        value: AttributeValue::Text("ultramarine"),
    };
    let attributes = vec![attribute];
    let content = Content { body, sender_id: "sender", trace_header: None, attributes }.encode();
    let message = Outgoing {
        message_id: broker.uuid(),
        content,
        sealing: Sealing::Plain,
        size: body.len(),
        body_md5: [7; 16],
        body_sha256: None,
        delay_seconds: None,
        group: Some(FifoId::parse("customer-4711").unwrap()),
        deduplication: None,
    };
    let sent = broker.call(Command::Send { arn: queue(), messages: vec![message] }).await;
    assert!(matches!(&sent, Ok(Reply::Sent(sent)) if sent[0].is_ok()), "{sent:?}");
}

/// The bodies of all messages, which stay visible.
async fn bodies(broker: &Broker) -> Vec<String> {
    let request = ReceiveRequest {
        max_messages: 10,
        visibility_timeout: Some(0),
        wait_seconds: Some(0),
        attempt: None,
    };
    let received = broker.call(Command::Receive { arn: queue(), request }).await;
    let Ok(Reply::Received(messages)) = received else { panic!("{received:?}") };
    let mut bodies = Vec::new();
    for message in messages {
        let record = broker.read(message.location).await.unwrap();
        let content = MessageRecord::decode(&record).unwrap().content;
        bodies.push(Content::decode(content).unwrap().body.to_owned());
    }
    bodies.sort();
    bodies
}

/// Every file, by path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path, content);
        }
    }
    found
}

/// The needles that lie somewhere in a folder.
fn found_in(folder: &Path) -> Vec<&'static str> {
    let files = files(folder);
    let holds = |content: &[u8], needle: &str| {
        content.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    let is_found = |needle: &&&str| files.values().any(|content| holds(content, needle));
    NEEDLES.iter().filter(is_found).copied().collect()
}

/// A folder in which a message was sent, with what the broker was closed and opened between.
async fn with_messages(key: Option<MasterKey>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(folder.path(), key.clone()).unwrap();
    create_queue(&broker).await;
    send(&broker, "a body to hide").await;
    broker.close().await;
    let broker = open(folder.path(), key).unwrap();
    send(&broker, "a body to hide, again").await;
    broker.close().await;
    folder
}

const BOTH: [&str; 2] = ["a body to hide", "a body to hide, again"];

#[tokio::test]
async fn nothing_of_what_was_said_is_found_in_a_sealed_folder() {
    let plain = with_messages(None).await;
    assert_eq!(found_in(plain.path()), NEEDLES, "the search finds what is there");
    let sealed = with_messages(master(1)).await;
    assert_eq!(found_in(sealed.path()), [] as [&str; 0]);
    let snapshots = files(sealed.path())
        .into_keys()
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snapshot-"));
    assert_eq!(snapshots.count(), 2);
    assert!(!sealed.path().join("master.key").exists());
    let broker = open(sealed.path(), master(1)).unwrap();
    assert_eq!(bodies(&broker).await, BOTH);
    assert_eq!(found_in(sealed.path()), [] as [&str; 0], "while it is open");
    broker.close().await;
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_refused_and_changes_nothing() {
    let folder = with_messages(master(1)).await;
    let before = files(folder.path());
    let expected = MasterKey::new([1; 32]).fingerprint();
    for (key, parts) in [
        (None, ["none is configured".to_owned(), expected.to_string()]),
        (master(2), [MasterKey::new([2; 32]).fingerprint().to_string(), expected.to_string()]),
    ] {
        let refused = open(folder.path(), key).err().unwrap();
        assert!(matches!(refused, OpenError::Seal(_)));
        let text = refused.to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
    let mut after = files(folder.path());
    // It names the process that asked last.
    after.insert(folder.path().join("LOCK"), before[&folder.path().join("LOCK")].clone());
    assert!(before == after);
    let broker = open(folder.path(), master(1)).unwrap();
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;
}

#[tokio::test]
async fn a_folder_from_before_is_sealed_from_the_next_start_on() {
    let folder = with_messages(None).await;
    // An older release left no keys behind.
    for file in ["SEAL", "master.key"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join("FORMAT"), "2\n").unwrap();
    let refused = open(folder.path(), master(1)).err().unwrap();
    assert!(matches!(refused, OpenError::Seal(SealError::NotSealed { .. })), "{refused}");
    open(folder.path(), None).unwrap().close().await;
    change_master_key(folder.path(), None, &master(1).unwrap()).unwrap();
    let broker = open(folder.path(), master(1)).unwrap();
    assert_eq!(fs::read(folder.path().join("FORMAT")).unwrap(), b"7\n");
    assert_eq!(bodies(&broker).await, BOTH);
    let before = files(folder.path());
    send(&broker, "a new body that is sealed").await;
    broker.close().await;
    for (path, content) in files(folder.path()) {
        let is_new = before.get(&path) != Some(&content);
        assert!(!content.windows(10).any(|window| window == b"a new body"), "{path:?}");
        let is_snapshot = path.to_str().unwrap().contains("snapshot-");
        if is_snapshot && is_new {
            assert!(!content.windows(12).any(|window| window == b"confidential"), "{path:?}");
        }
    }
    for _ in 0..2 {
        let broker = open(folder.path(), master(1)).unwrap();
        assert_eq!(bodies(&broker).await, [BOTH[0], BOTH[1], "a new body that is sealed"]);
        broker.close().await;
    }
}

#[tokio::test]
async fn a_key_takes_the_place_of_the_one_in_the_folder_when_it_is_told_to() {
    let folder = with_messages(None).await;
    let secret = |broker: &Broker| broker.keys().secrets("tests").seal(b"", b"secret", [1; 12]);
    let broker = open(folder.path(), None).unwrap();
    let sealed = secret(&broker);
    assert!(broker.keys().content("tests").is_none());
    broker.close().await;
    let key = fs::read(folder.path().join("master.key")).unwrap();

    // The very key in the folder is none that protects it.
    let refused = open(folder.path(), MasterKey::parse(&key)).err().unwrap();
    assert!(matches!(refused, OpenError::Seal(SealError::KeyInFolder { .. })));

    let before = files(folder.path());
    let refused = open(folder.path(), master(1)).err().unwrap();
    assert!(matches!(refused, OpenError::Seal(SealError::NotSealed { .. })), "{refused}");
    assert!(refused.to_string().contains("tidings master-key change"), "{refused}");
    let mut after = files(folder.path());
    after.insert(folder.path().join("LOCK"), before[&folder.path().join("LOCK")].clone());
    assert!(before == after);

    change_master_key(folder.path(), None, &master(1).unwrap()).unwrap();
    let broker = open(folder.path(), master(1)).unwrap();
    assert!(!folder.path().join("master.key").exists());
    let opened = broker.keys().secrets("tests").open(b"", &sealed);
    assert_eq!(opened.unwrap()[..], b"secret"[..]);
    assert!(broker.keys().content("tests").is_some());
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;
    let refused = open(folder.path(), None).err().unwrap();
    assert!(matches!(refused, OpenError::Seal(SealError::NoKey { .. })));

    // Put back, it opens nothing, and is left to whoever put it there.
    fs::write(folder.path().join("master.key"), &key).unwrap();
    let broker = open(folder.path(), master(1)).unwrap();
    broker.close().await;
    assert!(folder.path().join("master.key").exists());
}

fn copy(from: &Path, to: &Path) {
    for (path, content) in files(from) {
        let to = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, content).unwrap();
    }
}

/// Whoever writes to the disk can make a folder without a key, and put what is in it in the place of
/// what was there when sealing began, and of all that came later.
#[tokio::test]
async fn what_is_not_sealed_is_not_believed_in_a_sealed_folder() {
    let forged = with_messages(None).await;
    for begins_with_messages in [true, false] {
        let folder = match begins_with_messages {
            true => {
                let folder = with_messages(None).await;
                change_master_key(folder.path(), None, &master(1).unwrap()).unwrap();
                folder
            }
            false => tempfile::tempdir().unwrap(),
        };
        open(folder.path(), master(1)).unwrap().close().await;
        let shard = folder.path().join("shard-0");
        fs::remove_dir_all(&shard).unwrap();
        copy(&forged.path().join("shard-0"), &shard);
        let refused = open(folder.path(), master(1)).err().unwrap();
        assert!(!matches!(refused, OpenError::Seal(_)), "{refused}");

        // Not a snapshot alone either, wherever it is said to belong.
        fs::remove_dir_all(&shard).unwrap();
        fs::create_dir(&shard).unwrap();
        for (path, content) in files(&forged.path().join("shard-0")) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with("snapshot-") {
                fs::write(shard.join(name), content).unwrap();
            }
        }
        match open(folder.path(), master(1)) {
            Err(refused) => assert!(begins_with_messages, "{refused}"),
            // There was nothing, and there is nothing.
            Ok(broker) => {
                assert!(!begins_with_messages);
                let found = broker.call(Command::FindQueue { arn: queue() }).await;
                assert!(matches!(found, Err(Failure::Rejected(_))), "{found:?}");
                broker.close().await;
            }
        }
    }
    let empty = tempfile::tempdir().unwrap();
    copy(&forged.path().join("shard-0"), &empty.path().join("shard-0"));
    let refused = open(empty.path(), master(1)).err().unwrap();
    assert!(matches!(refused, OpenError::Seal(SealError::NotSealed { .. })), "{refused}");
}

/// Between the snapshot of what is there and the note that sealing has begun.
#[tokio::test]
async fn a_start_that_was_cut_off_while_sealing_began_is_made_again() {
    let folder = with_messages(None).await;
    change_master_key(folder.path(), None, &master(1).unwrap()).unwrap();
    let begun = tempfile::tempdir().unwrap();
    copy(folder.path(), begun.path());
    let before = files(begun.path());
    open(begun.path(), master(1)).unwrap().close().await;
    let is_new = |(path, content): &(PathBuf, Vec<u8>)| {
        path.to_str().unwrap().contains("snapshot-") && before.get(path) != Some(content)
    };
    let (path, content) = files(begun.path()).into_iter().find(is_new).unwrap();
    fs::write(folder.path().join("shard-0").join(path.file_name().unwrap()), content).unwrap();
    let broker = open(folder.path(), master(1)).unwrap();
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;
    let broker = open(folder.path(), master(1)).unwrap();
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;
}

#[tokio::test]
async fn the_master_key_can_be_changed() {
    let folder = with_messages(master(1)).await;
    let [first, second] = [[1; 32], [2; 32]].map(MasterKey::new);
    let before = files(folder.path());
    let wrong = change_master_key(folder.path(), Some(&second), &second).unwrap_err();
    let other = |error: &OpenError| {
        let source =
            EnvelopeError::OtherKey { expected: first.fingerprint(), given: second.fingerprint() };
        matches!(error, OpenError::Seal(SealError::Envelope { source: is, .. }) if *is == source)
    };
    assert!(other(&wrong), "{wrong}");
    assert!(change_master_key(folder.path(), None, &second).is_err());

    let broker = open(folder.path(), master(1)).unwrap();
    let busy = change_master_key(folder.path(), Some(&first), &second).unwrap_err();
    assert!(matches!(busy, OpenError::Lock(_)));
    broker.close().await;

    change_master_key(folder.path(), Some(&first), &second).unwrap();
    let changed = |path: &Path| fs::read(path).unwrap() != before[path];
    assert!(changed(&folder.path().join("SEAL")));
    assert!(!changed(&folder.path().join("FORMAT")));
    assert!(matches!(open(folder.path(), master(1)), Err(OpenError::Seal(_))));
    let broker = open(folder.path(), master(2)).unwrap();
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;
}

#[tokio::test]
async fn the_key_in_the_folder_can_be_changed_for_another() {
    let folder = with_messages(None).await;
    let new = MasterKey::new([1; 32]);
    let wrong = change_master_key(folder.path(), master(2).as_ref(), &new).unwrap_err();
    assert!(matches!(wrong, OpenError::Seal(SealError::Envelope { .. })), "{wrong}");
    let own = MasterKey::parse(&fs::read(folder.path().join("master.key")).unwrap()).unwrap();
    let same = change_master_key(folder.path(), None, &own).unwrap_err();
    assert!(matches!(same, OpenError::Seal(SealError::KeyInFolder { .. })), "{same}");
    // The settings may name the new one already.
    change_master_key(folder.path(), Some(&new), &new).unwrap();
    assert!(!folder.path().join("master.key").exists());
    let broker = open(folder.path(), Some(new)).unwrap();
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;
}

#[tokio::test]
async fn a_folder_whose_keys_are_gone_or_damaged_is_refused() {
    let folder = with_messages(None).await;
    let [seal, key] = ["SEAL", "master.key"].map(|name| folder.path().join(name));
    let refused = || open(folder.path(), None).err().unwrap();
    let restored = |path: &Path, change: &dyn Fn(&Path)| {
        let sound = fs::read(path).unwrap();
        change(path);
        let refused = refused();
        fs::write(path, sound).unwrap();
        refused
    };
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    let cut = |path: &Path| fs::write(path, "x").unwrap();
    let gone = restored(&seal, &remove);
    assert!(matches!(gone, OpenError::Seal(SealError::NoEnvelope { .. })), "{gone}");
    let damaged = restored(&seal, &cut);
    let why = EnvelopeError::Damaged;
    assert!(
        matches!(&damaged, OpenError::Seal(SealError::Envelope { source, .. }) if *source == why)
    );
    for change in [&remove as &dyn Fn(&Path), &cut] {
        let refused = restored(&key, change);
        assert!(matches!(refused, OpenError::Seal(SealError::NoKeyInFolder { .. })), "{refused}");
    }
    let broker = open(folder.path(), None).unwrap();
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_nobody_elses_business() {
    use std::os::unix::fs::PermissionsExt;

    let folder = with_messages(None).await;
    for file in ["SEAL", "master.key"] {
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// As a start that came to its end between two files.
#[tokio::test]
async fn a_start_that_was_cut_off_is_made_again() {
    let folder = with_messages(None).await;
    let key = fs::read(folder.path().join("master.key")).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    fs::write(fresh.path().join("master.key"), &key).unwrap();
    fs::write(fresh.path().join("SEAL.tmp"), "half a se").unwrap();
    open(fresh.path(), None).unwrap().close().await;
    assert_eq!(fs::read(fresh.path().join("master.key")).unwrap(), key);
    assert!(!fresh.path().join("SEAL.tmp").exists());
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("master.key"), "somebody's own").unwrap();
    let refused = open(other.path(), None).err().unwrap();
    assert!(matches!(refused, OpenError::Seal(SealError::NoKeyInFolder { .. })), "{refused}");
    assert_eq!(fs::read(other.path().join("master.key")).unwrap(), b"somebody's own");

    fs::remove_file(fresh.path().join("FORMAT")).unwrap();
    open(fresh.path(), None).unwrap().close().await;
    assert_eq!(fs::read(fresh.path().join("FORMAT")).unwrap(), b"7\n");
}

#[tokio::test]
async fn a_torn_end_is_cut_off_and_damage_is_not() {
    let folder = with_messages(master(1)).await;
    let segment = folder.path().join("shard-0/00000000000000000000.segment");
    let sound = fs::read(&segment).unwrap();
    let end = sound.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut torn = sound.clone();
    torn[end.next_multiple_of(8)..][..60].fill(9);
    fs::write(&segment, &torn).unwrap();
    let options = Options { master_key: master(1), ..Options::new(folder.path()) };
    let (broker, report) = Broker::open(options).unwrap();
    assert!(report.log.unwrap().cut.is_some());
    assert_eq!(bodies(&broker).await, BOTH);
    broker.close().await;

    let mut damaged = fs::read(&segment).unwrap();
    damaged[end - 200] ^= 1;
    fs::write(&segment, &damaged).unwrap();
    assert!(matches!(open(folder.path(), master(1)), Err(OpenError::Log(_))));
}

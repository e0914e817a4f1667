//! Users, keys, groups, roles and policies from the command line, against a server.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "what tests share is theirs")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::{Key, Server, text, tidings};
use tempfile::TempDir;

const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
    "Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}}"#;

/// A server, and its root user at the command line.
struct World {
    folder: TempDir,
    server: Server,
    root: Key,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("all.json"), ALL).unwrap();
        fs::write(folder.path().join("trust.json"), TRUST).unwrap();
        let server = Server::start(folder.path(), &[]);
        let root = Key::of(&server.greeting).unwrap();
        Self { folder, server, root }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command without credentials.
    fn command(&self, words: &str) -> Command {
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = tidings(self.path(), &words);
        command.env("HOME", self.path());
        command.env("AWS_ENDPOINT_URL", format!("http://{}", self.server.address));
        command
    }

    fn run(&self, words: &str) -> Output {
        let mut command = self.command(words);
        command.env("AWS_ACCESS_KEY_ID", &self.root.id);
        command.env("AWS_SECRET_ACCESS_KEY", &self.root.secret).output().unwrap()
    }

    /// What a command says that succeeds.
    fn say(&self, words: &str) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words}: {}", text(&output.stderr));
        text(&output.stdout).to_owned()
    }

    /// What one says that does not.
    fn refused(&self, words: &str) -> String {
        let output = self.run(words);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""), "{words}");
        text(&output.stderr).to_owned()
    }

    fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.say(&format!("{words} --json"))).unwrap()
    }

    /// A key of the lines to paste for a user.
    fn key(&self, shown: &str) -> Key {
        Key::of(&shown.replace("--profile ann", "--profile tidings")).unwrap()
    }
}

#[test]
fn a_user_is_made_and_may_what_its_policies_say() {
    let world = World::new();
    assert_eq!(
        world.say("user create ann --path /team/"),
        "Made the user arn:aws:iam::000000000000:user/team/ann.\n"
    );
    let shown = world.say("access-key create --user ann --region eu-west-1");
    assert!(shown.contains("set region eu-west-1 --profile ann"), "{shown}");
    let key = world.key(&shown);
    assert_eq!(world.server.status(&key), 403);

    let put = "policy put --user ann --name queues all.json";
    assert_eq!(world.say(put), "ann has the policy queues now.\n");
    assert_eq!(world.server.status(&key), 200);
    assert_eq!(
        world.say("policy delete --user ann --name queues"),
        "ann has no policy queues now.\n"
    );
    assert_eq!(world.server.status(&key), 403);
    let managed = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    world.say(&format!("policy attach --user ann --policy {managed}"));
    assert_eq!(world.server.status(&key), 200);
    world.say(put);
    assert_eq!(
        world.say("policy list --user ann"),
        format!(
            "NAME                 ARN\nqueues               (its own)\nAmazonSQSFullAccess  {managed}\n"
        )
    );
    world.say(&format!("policy detach --user ann --policy {managed}"));
    assert_eq!(
        world.json("policy list --user ann"),
        serde_json::json!({"PolicyNames": ["queues"], "AttachedPolicies": []})
    );

    let refused = world.refused("user delete ann");
    assert!(refused.starts_with("tidings: DeleteConflict: "), "{refused}");
    world.say("policy delete --user ann --name queues");
    world.say(&format!("access-key delete --user ann {}", key.id));
    assert_eq!(world.say("user delete ann"), "Deleted the user ann.\n");
    assert_eq!(world.json("user list"), serde_json::json!([]));
}

#[test]
fn a_key_is_rotated_disabled_and_enabled() {
    let world = World::new();
    world.say("user create ann");
    world.say("policy put --user ann --name queues all.json");
    let first = world.key(&world.say("access-key create --user ann"));
    let shown = world.say("access-key rotate --user ann --disable-old");
    assert!(shown.ends_with(&format!("\n{} is disabled.\n", first.id)), "{shown}");
    let second = world.key(&shown);
    assert_eq!((world.server.status(&first), world.server.status(&second)), (403, 200));
    let listed = world.say("access-key list --user ann");
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(lines[0].starts_with("ID                    STATUS    MADE"), "{listed}");
    assert!(listed.contains(&format!("{}  Inactive  2", first.id)), "{listed}");
    assert!(listed.contains(&format!("{}  Active    2", second.id)), "{listed}");
    assert!(!listed.contains(&second.secret));

    world.say(&format!("access-key enable --user ann {}", first.id));
    assert_eq!(world.server.status(&first), 200);
    let refused = world.refused("access-key rotate --user ann");
    assert!(refused.starts_with("tidings: LimitExceeded: "), "{refused}");
    world.say(&format!("access-key delete --user ann {}", first.id));
    let made = world.json("access-key rotate --user ann");
    assert_eq!(made["UserName"], "ann");
    let (id, secret) = (&made["AccessKeyId"], &made["SecretAccessKey"]);
    let third = Key { id: id.as_str().unwrap().into(), secret: secret.as_str().unwrap().into() };
    assert_eq!((world.server.status(&second), world.server.status(&third)), (200, 200));
    world.say(&format!("access-key disable --user ann {}", third.id));
    assert_eq!(world.server.status(&third), 403);
}

#[test]
fn groups_and_roles_are_made_listed_and_deleted() {
    let world = World::new();
    world.say("user create ann");
    let key = world.key(&world.say("access-key create --user ann"));
    assert_eq!(
        world.say("group create senders"),
        "Made the group arn:aws:iam::000000000000:group/senders.\n"
    );
    world.say("policy put --group senders --name queues all.json");
    assert_eq!(world.server.status(&key), 403);
    assert_eq!(world.say("group add senders --user ann"), "ann is in senders now.\n");
    assert_eq!(world.server.status(&key), 200);
    world.say("group remove senders --user ann");
    assert_eq!(world.server.status(&key), 403);
    world.say("policy delete --group senders --name queues");
    let groups = world.say("group list");
    assert!(groups.ends_with("  arn:aws:iam::000000000000:group/senders\n"), "{groups}");
    world.say("group delete senders");

    let made = "role create worker --trust trust.json --path /jobs/ --description it-works";
    assert_eq!(world.say(made), "Made the role arn:aws:iam::000000000000:role/jobs/worker.\n");
    world.say("policy put --role worker --name queues all.json");
    let roles = world.json("role list");
    assert_eq!(roles[0]["RoleName"], "worker");
    assert_eq!(roles[0]["Description"], "it-works");
    let refused = world.refused("role create other --trust all.json");
    assert!(refused.starts_with("tidings: MalformedPolicyDocument: "), "{refused}");
    let refused = world.refused("role create other --trust missing.json");
    assert!(refused.starts_with("tidings: missing.json: "), "{refused}");
    world.say("policy delete --role worker --name queues");
    assert_eq!(world.say("role delete worker"), "Deleted the role worker.\n");
}

#[test]
fn long_lists_come_whole() {
    let world = World::new();
    let names: Vec<String> = (0..103).map(|number| format!("user-{number:03}")).collect();
    for name in &names {
        world.say(&format!("user create {name}"));
    }
    let listed = world.say("user list");
    let listed: Vec<&str> =
        listed.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(listed, names);
}

#[test]
fn who_asks_is_found_as_the_aws_tools_find_it() {
    let world = World::new();
    let nobody = world.command("user list").output().unwrap();
    assert!(text(&nobody.stderr).contains("there are no credentials"), "{nobody:?}");
    let Key { id, secret } = &world.root;
    let folder = world.path().join(".aws");
    fs::create_dir(&folder).unwrap();
    let credentials =
        format!("[tidings]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    fs::write(folder.join("credentials"), credentials).unwrap();
    let config = format!("[profile tidings]\nendpoint_url = http://{}\n", world.server.address);
    fs::write(folder.join("config"), config).unwrap();

    let by_flag = world.command("user list --profile tidings").output().unwrap();
    assert!(by_flag.status.success(), "{}", text(&by_flag.stderr));
    let mut by_profile = world.command("user list");
    by_profile.env("AWS_PROFILE", "tidings").env_remove("AWS_ENDPOINT_URL");
    assert!(by_profile.output().unwrap().status.success());
    let other = world.command("user list --profile other").output().unwrap();
    assert!(text(&other.stderr).starts_with("tidings: the profile other has no access key in "));

    let mut wrong = world.command("user list");
    wrong.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", "wrong");
    let wrong = wrong.output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).starts_with("tidings: SignatureDoesNotMatch: "), "{wrong:?}");
    let mut half = world.command("user list");
    let half = half.env("AWS_ACCESS_KEY_ID", id).output().unwrap();
    assert!(text(&half.stderr).contains("is set without AWS_SECRET_ACCESS_KEY"), "{half:?}");

    let odd = world.refused("user list --endpoint-url localhost");
    assert!(odd.starts_with("tidings: \"localhost\" is no endpoint"), "{odd}");

    let mut gone = world.command("user list --profile tidings");
    let address = world.server.address.clone();
    world.server.stop();
    let gone = gone.output().unwrap();
    let start = format!("tidings: cannot ask http://{address}: ");
    assert!(text(&gone.stderr).starts_with(&start), "{gone:?}");
}

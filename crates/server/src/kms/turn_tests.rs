//! What changes while a request waits for its turn, and what nobody may make.

use tidings_broker::{Broker, Clock, Options};
use tidings_core::names::{AccountId, Region};
use tidings_core::time::Timestamp;
use tidings_couriers::signing::{Signer, SigningKey};
use tidings_couriers::{CourierConfig, Couriers};
use tidings_identity::NewAccessKey;
use tidings_keys::Scope;
use tidings_sigv4::{BodyHash, Request, Seconds, SecretKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{
    Auth, Config, Identities, Kms, Limits, ListenAddress, ListenerConfig, Outbound,
    SHUTDOWN_TIMEOUT, Server,
};

const NOW_MS: u64 = 1_800_000_000_000;

fn scope(account: &str, region: &str) -> Scope {
    Scope { account: AccountId::parse(account).unwrap(), region: Region::parse(region).unwrap() }
}

struct World {
    _folder: tempfile::TempDir,
    broker: Broker,
    identities: Identities,
    root: NewAccessKey,
    own: Scope,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_ms(NOW_MS));
        let (broker, _) = Broker::open(Options { clock, ..Options::new(folder.path()) }).unwrap();
        let identities = Identities::open(broker.clone()).await.unwrap();
        let own = scope("000000000000", "us-east-1");
        let root = identities.create_first_key(&broker, own.account).await.unwrap().unwrap();
        Self { _folder: folder, broker, identities, root, own }
    }

    fn auth(&self) -> Auth {
        let (identities, regions) = (self.identities.clone(), vec![self.own.region.clone()]);
        Auth::On { identities, regions, audit: None }
    }
}

#[tokio::test]
async fn managed_keys_are_made_where_there_is_somebody_to_use_them() {
    let world = World::new().await;
    let kms = Kms::open(world.broker.clone()).await.unwrap().serving(&world.auth());
    for (owner, is_made) in [
        (scope("111122223333", "us-east-1"), false),
        (scope("000000000000", "eu-west-1"), false),
        (world.own.clone(), true),
    ] {
        kms.make_managed_key(&world.broker, "alias/aws/sqs", &owner).await.unwrap();
        let found = kms.plane.look().find("alias/aws/sqs", &owner).is_ok();
        assert_eq!(found, is_made, "{owner:?}");
    }
    world.broker.close().await;
}

/// A request to make a key, signed by the root user.
fn create_key(root: &NewAccessKey) -> String {
    let headers = [("host", "kms.test"), ("x-amz-target", "TrentService.CreateKey")];
    let signed: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", path: "/", query: "", headers: &signed };
    let signer = tidings_sigv4::Signer {
        access_key_id: &root.id,
        secret: &SecretKey::new(root.secret.as_str().to_owned()),
        session_token: None,
        region: "us-east-1",
        service: "kms",
    };
    let now = Seconds(i64::try_from(NOW_MS / 1000).unwrap());
    let signature = signer.sign(&request, &BodyHash::of(b"{}"), now).unwrap();
    let all = headers.into_iter().chain(signature.iter());
    let head: String = all.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let kind = "content-type: application/x-amz-json-1.1";
    format!("POST / HTTP/1.1\r\n{head}{kind}\r\ncontent-length: 2\r\n\r\n{{}}")
}

#[tokio::test]
async fn a_change_whose_turn_comes_late_is_judged_by_what_holds_then() {
    let world = World::new().await;
    let kms = Kms::open(world.broker.clone()).await.unwrap();
    let config = Config {
        listeners: vec![ListenerConfig::plain(ListenAddress::Tcp("127.0.0.1:0".into()))],
        account: world.own.account,
        region: world.own.region.clone(),
        public_url: None,
        limits: Limits::default(),
        sms: crate::sms::SmsTerms::default(),
        shutdown_timeout: SHUTDOWN_TIMEOUT,
    };
    let outbound = Outbound {
        couriers: Couriers::new(&CourierConfig::default()).unwrap(),
        signer: Signer::with_key(SigningKey::generate().unwrap()),
    };
    let server = Server::bind(config, world.broker.clone(), outbound, world.auth()).await.unwrap();
    let server = server.with_kms(kms.clone());
    let mut client = TcpStream::connect(server.local_addr()).await.unwrap();
    tokio::spawn(server.run(std::future::pending()));

    let turn = kms.plane.take_turn().await;
    client.write_all(create_key(&world.root).as_bytes()).await.unwrap();
    // It has been authenticated when it waits for its turn.
    kms.plane.someone_waits().await;
    world.identities.create_root_key(&world.broker, world.own.account, true).await.unwrap();
    drop(turn);

    let mut answer = vec![0; 4096];
    let length = client.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.contains("UnrecognizedClientException"), "{answer}");
    assert_eq!(kms.plane.look().list_keys(&world.own, None, 1).unwrap().items.len(), 0);
}

//! Scenarios of applications and endpoints.

mod applications;
mod endpoints;
mod events;
mod lists;
mod properties;

use tidings_core::rejection::TopicRejection;
use tidings_core::time::Timestamp;
use tidings_seal::{MasterKey, Sealer};

use crate::*;

const ACCOUNT: &str = "arn:aws:sns:eu-west-1:000000000042";

/// A register and the state that follows from it.
struct World {
    entries: std::collections::BTreeMap<String, Vec<u8>>,
    platforms: Platforms,
    /// What the next ids and nonces are made of, and the time in milliseconds.
    turn: u8,
    /// The event of the last change.
    event: Option<Event>,
}

fn sealer() -> Sealer {
    MasterKey::new([7; 32]).sealer("push")
}

fn application(name: &str) -> ApplicationArn {
    ApplicationArn::parse(&format!("{ACCOUNT}:app/{name}")).unwrap()
}

fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Attributes::from(pairs.collect::<Vec<_>>())
}

fn parameter(what: &str) -> TopicRejection {
    TopicRejection::parameter(what)
}

/// Credentials are good unless they are called `bad`.
fn check(proposed: &Proposed<'_>) -> Result<Checked, String> {
    if proposed.credential == "bad" || proposed.principal == Some("bad") {
        return Err("they are bad".into());
    }
    let method = proposed.platform.is_apple().then_some(match proposed.team_id {
        Some(_) => AuthenticationMethod::Token,
        None => AuthenticationMethod::Certificate,
    });
    let is_certificate = method == Some(AuthenticationMethod::Certificate);
    let certificate_expires_at = is_certificate.then(|| "2030-01-01T00:00:00Z".to_owned());
    Ok(Checked { method, certificate_expires_at })
}

impl World {
    fn new() -> Self {
        let platforms = Platforms::load([], sealer()).unwrap();
        Self { entries: Default::default(), platforms, turn: 0, event: None }
    }

    fn change(&mut self, change: Change) -> Result<Output, TopicRejection> {
        self.turn += 1;
        let (now, random) =
            (Timestamp::from_ms(self.turn.into()), Random::new([self.turn; Random::BYTES]));
        let decision = self.platforms.decide(change, now, &random, &check)?;
        self.write(decision.writes);
        self.event = decision.event;
        Ok(decision.output)
    }

    fn write(&mut self, writes: Vec<Write>) {
        self.platforms.apply(&writes).unwrap();
        for (name, value) in writes {
            match value {
                Some(value) => self.entries.insert(name, value),
                None => self.entries.remove(&name),
            };
        }
    }

    fn create(&mut self, name: &str, pairs: &[(&str, &str)]) -> Result<Output, TopicRejection> {
        let attributes = attributes(pairs);
        self.change(Change::CreateApplication { application: application(name), attributes })
    }

    fn set(&mut self, name: &str, pairs: &[(&str, &str)]) -> Result<Output, TopicRejection> {
        let attributes = attributes(pairs);
        self.change(Change::SetApplicationAttributes { application: application(name), attributes })
    }

    /// An application of FCM with credentials.
    fn with_fcm(name: &str) -> Self {
        let mut world = Self::new();
        world.create(name, &[("PlatformCredential", "{}")]).unwrap();
        world
    }

    fn register(
        &mut self,
        name: &str,
        token: &str,
        pairs: &[(&str, &str)],
    ) -> Result<EndpointArn, TopicRejection> {
        let output = self.change(Change::CreateEndpoint {
            application: application(name),
            token: token.to_owned(),
            user_data: None,
            attributes: attributes(pairs),
        })?;
        match output {
            Output::Endpoint(arn) => Ok(arn),
            output => panic!("{output:?}"),
        }
    }

    fn set_endpoint(
        &mut self,
        endpoint: &EndpointArn,
        pairs: &[(&str, &str)],
    ) -> Result<Output, TopicRejection> {
        let attributes = attributes(pairs);
        self.change(Change::SetEndpointAttributes { endpoint: endpoint.clone(), attributes })
    }

    fn shown(&self, name: &str) -> Vec<(&'static str, String)> {
        self.platforms.application(&application(name)).unwrap().attributes()
    }

    /// The state that a restart makes.
    fn restarted(&self) -> Platforms {
        let entries = self.entries.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        Platforms::load(entries, sealer()).unwrap()
    }
}

fn shown(pairs: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

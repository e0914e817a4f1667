//! What finding out who an access key stands for costs a request.
//!
//! `cargo test --release -p tidings-identity -- --ignored rate --nocapture`
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use tidings_core::names::AccountId;
use tidings_identity::{Directory, Principal, RANDOM_BYTES, Random, Seals, limits};
use tidings_seal::MasterKey;

const NOW_MS: u64 = 1_767_323_045_000;

/// Enough sessions that none is still kept when its turn comes again.
const SESSIONS: u64 = 2 * limits::SESSIONS_KEPT_MAX as u64 + 1;

fn random(seed: u64) -> Random {
    let mut bytes = [0; RANDOM_BYTES];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[46..54].copy_from_slice(&seed.to_le_bytes());
    Random::new(bytes)
}

fn time(what: &str, directory: &Directory, keys: &[(String, Option<String>)], rounds: usize) {
    let begun = Instant::now();
    for (id, token) in keys.iter().cycle().take(rounds) {
        directory.credentials(id, token.as_deref(), NOW_MS).unwrap();
    }
    let ns = begun.elapsed().as_nanos() / rounds as u128;
    println!("{what}: {ns} ns");
}

#[test]
#[ignore = "it measures"]
fn rate() {
    let none: [(&str, &[u8]); 0] = [];
    let seals = Seals::new(|purpose| MasterKey::new([7; 32]).sealer(purpose));
    let mut directory = Directory::load(none, seals).unwrap();
    let account = AccountId::parse("123456789012").unwrap();
    let (writes, key) = directory.create_root_key(account, NOW_MS, &random(0)).unwrap();
    directory.apply(&writes).unwrap();
    let root = Principal::root(account);
    let sessions: Vec<(String, Option<String>)> = (1..=SESSIONS)
        .map(|seed| {
            let token = directory.session_token(&root, None, false, NOW_MS, &random(seed)).unwrap();
            (token.access_key_id, Some(token.session_token.as_str().to_owned()))
        })
        .collect();
    time("a long-term key", &directory, &[(key.id, None)], 1_000_000);
    time("a session that was here before", &directory, &sessions[..1], 1_000_000);
    time("a session whose token has to be opened", &directory, &sessions, 100_000);
}

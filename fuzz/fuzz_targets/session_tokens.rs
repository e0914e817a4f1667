//! Session tokens: what somebody made up, and what was sealed here but says something else than it
//! should (it may come from another release, or another folder with the same key).
//!
//! The first byte of an input says which. A token that was not sealed here is nobody's.
#![no_main]

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use tidings_core::names::AccountId;
use tidings_fuzz::{byte, text};
use tidings_identity::{CredentialFault, Directory, RANDOM_BYTES, Random, Seals};
use tidings_seal::MasterKey;

const ID: &str = "ASIAEXAMPLE234567890";
const NOW_MS: u64 = 1_795_442_400_000;

fn master() -> MasterKey {
    MasterKey::new([7; 32])
}

/// An account with a root user, from which sessions can be.
fn directory() -> &'static Directory {
    static DIRECTORY: OnceLock<Directory> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let none: [(&str, &[u8]); 0] = [];
        let seals = Seals::new(|purpose| master().sealer(purpose));
        let mut directory = Directory::load(none, seals).expect("nothing is nothing wrong");
        let account = AccountId::parse("123456789012").expect("twelve digits");
        let random = Random::new([1; RANDOM_BYTES]);
        let created = directory.create_root_key(account, NOW_MS, &random);
        let (writes, _) = created.expect("it has none yet");
        directory.apply(&writes).expect("it made them");
        directory
    })
}

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let is_ours = byte(&mut rest) % 2 == 1;
    let token = if is_ours {
        STANDARD.encode(master().sealer("sessions").seal(ID.as_bytes(), rest, [3; 12]))
    } else {
        let Some(token) = text(rest) else { return };
        token.to_owned()
    };
    match directory().credentials(ID, Some(&token), NOW_MS) {
        Ok(credentials) => {
            assert!(is_ours, "somebody made a token up");
            assert_eq!(credentials.principal.account(), "123456789012");
            let _ = (credentials.principal.caller(), credentials.principal.user_id());
        }
        Err(fault) => assert!(is_ours || fault == CredentialFault::Unknown),
    }
});

//! What tests share.

use tidings_core::names::{AccountId, Region};

use crate::{Code, Fresh, FunctionId, Functions, NewFunction, Reference, Scope, Settings};

pub(crate) fn scope() -> Scope {
    Scope {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
    }
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text, None, &scope()).unwrap()
}

pub(crate) fn id(name: &str) -> FunctionId {
    reference(name).id
}

pub(crate) fn settings() -> Settings {
    Settings {
        runtime: Some("provided.al2023".to_owned()),
        handler: Some("bootstrap".to_owned()),
        role: Some("arn:aws:iam::111122223333:role/runs".to_owned()),
        ..Settings::default()
    }
}

pub(crate) fn code(byte: u8) -> Code {
    Code { sha256: format!("{byte:043}="), bytes: 1000, unpacked_bytes: 4096 }
}

pub(crate) fn fresh(number: u64) -> Fresh {
    Fresh { now_ms: 1_800_000_000_000 + number, revision_id: format!("revision-{number}") }
}

/// A state with the function `resize`.
pub(crate) fn functions() -> Functions {
    let mut functions = Functions::default();
    let (settings, code) = (settings(), code(1));
    let new = NewFunction { settings, code, publish: false, tags: [].into() };
    let (writes, _) = functions.create(&id("resize"), new, fresh(1)).unwrap();
    functions.apply(&writes).unwrap();
    functions
}

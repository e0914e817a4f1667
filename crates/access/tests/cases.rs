//! The table of decisions: requests, policies, and what is decided and why, written from the
//! documentation. `cases/*.json` has them; `cases/README.md` says how they read.
#![allow(clippy::unwrap_used)]

mod support;

use support::table::{self, Case};

fn run(file: &str, json: &str, least: usize) {
    let cases: Vec<Case> = table::read(json);
    assert!(cases.len() >= least, "{file}: {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().filter_map(|case| case.fault()).collect();
    assert!(wrong.is_empty(), "{file}: {} wrong\n{}", wrong.len(), wrong.join("\n"));
}

macro_rules! tables {
    ($($name:ident $least:literal,)*) => {$(
        #[test]
        fn $name() {
            let name = concat!(stringify!($name), ".json");
            run(name, include_str!(concat!("cases/", stringify!($name), ".json")), $least);
        }
    )*};
}

tables! {
    principals 30,
    statements 40,
    conditions 90,
    order 40,
    cross_account 20,
    topics 20,
    queues 20,
    keys 15,
    roles 12,
    private_endpoints 10,
}

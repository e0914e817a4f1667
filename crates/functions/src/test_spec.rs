//! A function for tests, whose `bootstrap` is in a folder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::FunctionSpec;

pub(crate) fn spec(folder: PathBuf) -> FunctionSpec {
    FunctionSpec {
        arn: "arn:aws:lambda:eu-west-1:123456789012:function:rooms:$LATEST".to_owned(),
        name: "rooms".to_owned(),
        version: "$LATEST".to_owned(),
        runtime: "provided.al2023".to_owned(),
        handler: "app.handler".to_owned(),
        folder,
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(20),
        memory_mib: 128,
        region: "eu-west-1".to_owned(),
        revision: "1".to_owned(),
    }
}

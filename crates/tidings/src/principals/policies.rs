//! `tidings policy`, but for `explain`.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use super::arguments::{Holding, PolicyChange, PolicyHolder};
use super::shown;
use crate::client::Client;

/// Whose policies, as IAM's actions and parameters name it: `User`, `Group` or `Role`.
struct Holder {
    kind: &'static str,
    parameter: &'static str,
    name: String,
}

impl Holder {
    fn of(given: PolicyHolder) -> Option<Self> {
        let PolicyHolder { user, group, role } = given;
        let one = |kind, parameter| move |name| Self { kind, parameter, name };
        user.map(one("User", "UserName"))
            .or(group.map(one("Group", "GroupName")))
            .or(role.map(one("Role", "RoleName")))
    }

    fn parameter(&self) -> (&'static str, &str) {
        (self.parameter, &self.name)
    }
}

pub(super) fn run(
    client: &Client,
    change: PolicyChange,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let of =
        |given: Holding| Holder::of(given.holder).ok_or("say whose: --user, --group or --role");
    match change {
        PolicyChange::Put { of: given, name, file } => {
            let (holder, document) = (of(given)?, read_document(&file)?);
            let parameters =
                [holder.parameter(), ("PolicyName", &name), ("PolicyDocument", &document)];
            client.call(&format!("Put{}Policy", holder.kind), &parameters)?;
            shown::done(out, is_json, &format!("{} has the policy {name} now.", holder.name))?;
        }
        PolicyChange::Delete { of: given, name } => {
            let holder = of(given)?;
            let parameters = [holder.parameter(), ("PolicyName", name.as_str())];
            client.call(&format!("Delete{}Policy", holder.kind), &parameters)?;
            shown::done(out, is_json, &format!("{} has no policy {name} now.", holder.name))?;
        }
        PolicyChange::List { of: given } => list(client, &of(given)?, is_json, out)?,
        PolicyChange::Attach { of: given, policy } => {
            let holder = of(given)?;
            let parameters = [holder.parameter(), ("PolicyArn", policy.as_str())];
            client.call(&format!("Attach{}Policy", holder.kind), &parameters)?;
            let line = format!("{policy} is attached to {} now.", holder.name);
            shown::done(out, is_json, &line)?;
        }
        PolicyChange::Detach { of: given, policy } => {
            let holder = of(given)?;
            let parameters = [holder.parameter(), ("PolicyArn", policy.as_str())];
            client.call(&format!("Detach{}Policy", holder.kind), &parameters)?;
            let line = format!("{policy} is not attached to {} any more.", holder.name);
            shown::done(out, is_json, &line)?;
        }
    }
    Ok(())
}

/// Its own policies, which have no ARN, and then those that are attached.
fn list(
    client: &Client,
    holder: &Holder,
    is_json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let (kind, parameters) = (holder.kind, [holder.parameter()]);
    let own = client.list(&format!("List{kind}Policies"), &parameters, "PolicyNames")?;
    let action = format!("ListAttached{kind}Policies");
    let attached = client.list(&action, &parameters, "AttachedPolicies")?;
    if is_json {
        let own: Vec<_> = own.iter().map(|name| name.to_json()).collect();
        let attached: Vec<_> = attached.iter().map(|policy| policy.to_json()).collect();
        let both = serde_json::json!({ "PolicyNames": own, "AttachedPolicies": attached });
        return Ok(writeln!(out, "{both}")?);
    }
    let mut rows = vec![vec!["NAME", "ARN"]];
    rows.extend(own.iter().map(|name| vec![name.text(), "(its own)"]));
    for policy in &attached {
        rows.push(vec![policy.text_of("PolicyName"), policy.text_of("PolicyArn")]);
    }
    Ok(shown::table(out, &rows)?)
}

/// A policy from a file. What is wrong with it, the server says.
pub(super) fn read_document(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

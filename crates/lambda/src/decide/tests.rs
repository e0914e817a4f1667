use crate::testing::{code, fresh, functions, id, reference, scope, settings};
use crate::*;

/// Decides, writes, applies; and sees that the entries make the same state again.
fn change<T>(functions: &mut Functions, decided: Decided<T>) -> Result<T, LambdaFault> {
    let (writes, output) = decided?;
    functions.apply(&writes).unwrap();
    Ok(output)
}

fn code_of(decided: Result<impl Sized, LambdaFault>) -> LambdaCode {
    decided.err().unwrap().code
}

fn update(byte: u8, publish: bool) -> CodeUpdate {
    let (architecture, dry_run, revision_id) = (None, false, None);
    CodeUpdate { code: code(byte), architecture, publish, dry_run, revision_id }
}

#[test]
fn a_function_is_made_once_and_shown() {
    let functions = functions();
    let shown = functions.shown(&reference("resize")).unwrap();
    assert_eq!(shown.version, Qualifier::Latest);
    assert_eq!(shown.configuration.timeout_seconds, 3);
    assert_eq!(shown.configuration.memory_mib, 128);
    let (settings, code) = (settings(), code(1));
    let new = NewFunction { settings, code, publish: false, tags: [].into() };
    let again = functions.create(&id("resize"), new.clone(), fresh(2));
    assert_eq!(again.unwrap_err().text, "Function already exist: resize");
    for settings in [
        Settings { handler: None, ..new.settings.clone() },
        Settings { runtime: None, ..new.settings.clone() },
        Settings { role: None, ..new.settings.clone() },
    ] {
        let new = NewFunction { settings, ..new.clone() };
        assert!(functions.create(&id("other"), new, fresh(2)).is_err());
    }
    let missing = functions.shown(&reference("other:7")).unwrap_err();
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:other:7";
    assert_eq!(missing.text, format!("Function not found: {arn}"));
    assert_eq!(missing.code.status(), 404);
}

#[test]
fn only_the_latest_changes_and_versions_stay() {
    let mut functions = functions();
    let resize = reference("resize");
    let published = functions.publish_version(&resize, None, Some("first".into()), None);
    let first = change(&mut functions, published).unwrap();
    assert_eq!(first.version, Qualifier::Version(1));
    assert_eq!(first.configuration.description, "first");
    let again = functions.publish_version(&resize, None, None, None).unwrap();
    assert!(again.0.is_empty(), "nothing changed since");
    assert_eq!(again.1.version, Qualifier::Version(1));

    let decided = functions.update_code(&resize, update(2, false), fresh(3));
    change(&mut functions, decided).unwrap();
    let settings = Settings { timeout_seconds: Some(30), ..Settings::default() };
    let decided = functions.update_configuration(&resize, settings.clone(), None, fresh(4));
    change(&mut functions, decided).unwrap();
    let latest = functions.shown(&resize).unwrap().configuration;
    assert_eq!((&latest.code, latest.timeout_seconds), (&code(2), 30));
    assert_eq!(latest.revision_id, "revision-4");
    let version = functions.shown(&reference("resize:1")).unwrap().configuration;
    assert_eq!((&version.code, version.timeout_seconds), (&code(1), 3));

    let versioned =
        functions.update_configuration(&reference("resize:1"), settings, None, fresh(5));
    assert_eq!(code_of(versioned), LambdaCode::InvalidParameterValue);
    let decided = functions.update_code(&resize, update(3, true), fresh(6));
    let second = change(&mut functions, decided).unwrap();
    assert_eq!(second.version, Qualifier::Version(2));
    let wrong = functions.publish_version(&resize, Some("other"), None, None);
    assert_eq!(code_of(wrong), LambdaCode::InvalidParameterValue);
    let sha256s = functions.needed_code();
    assert_eq!(sha256s.into_iter().collect::<Vec<_>>(), [code(1).sha256, code(3).sha256]);
}

#[test]
fn who_looked_too_early_changes_nothing() {
    let functions = functions();
    let resize = reference("resize");
    let old = Some("revision-0".to_owned());
    let update = CodeUpdate { revision_id: old.clone(), ..update(2, false) };
    let code = functions.update_code(&resize, update, fresh(2));
    assert_eq!(code_of(code), LambdaCode::PreconditionFailed);
    let published = functions.publish_version(&resize, None, None, old.as_deref());
    assert_eq!(code_of(published), LambdaCode::PreconditionFailed);
}

#[test]
fn a_trial_writes_nothing() {
    let functions = functions();
    let update = CodeUpdate { dry_run: true, ..update(2, true) };
    let (writes, shown) = functions.update_code(&reference("resize"), update, fresh(2)).unwrap();
    assert!(writes.is_empty());
    assert_eq!(shown.version, Qualifier::Version(1));
}

fn with_two_versions() -> Functions {
    let mut functions = functions();
    for byte in 2..4 {
        let decided = functions.update_code(&reference("resize"), update(byte, true), fresh(2));
        change(&mut functions, decided).unwrap();
    }
    functions
}

fn alias(version: &str, additional: Option<(&str, f64)>) -> AliasChange {
    let additional = additional.map(|(version, weight)| Some((version.to_owned(), weight)));
    AliasChange { version: Some(version.into()), additional, ..AliasChange::default() }
}

#[test]
fn aliases_lead_to_versions() {
    let mut functions = with_two_versions();
    let resize = id("resize");
    let decided = functions.create_alias(&resize, "live", alias("1", None), fresh(3));
    change(&mut functions, decided).unwrap();
    let shown = functions.shown(&reference("resize:live")).unwrap();
    assert_eq!(shown.version, Qualifier::Version(1));
    let again = functions.create_alias(&resize, "live", alias("1", None), fresh(4));
    assert_eq!(code_of(again), LambdaCode::ResourceConflict);
    for (name, change, code) in [
        ("7", alias("1", None), LambdaCode::Validation),
        ("a.b", alias("1", None), LambdaCode::Validation),
        ("a", alias("9", None), LambdaCode::ResourceNotFound),
        ("a", alias("live", None), LambdaCode::Validation),
        ("a", AliasChange::default(), LambdaCode::Validation),
        ("a", alias("1", Some(("1", 0.5))), LambdaCode::InvalidParameterValue),
        ("a", alias("1", Some(("2", 1.5))), LambdaCode::InvalidParameterValue),
        ("a", alias("1", Some(("2", f64::NAN))), LambdaCode::InvalidParameterValue),
        ("a", alias("$LATEST", Some(("2", 0.5))), LambdaCode::InvalidParameterValue),
    ] {
        assert_eq!(
            code_of(functions.create_alias(&resize, name, change, fresh(5))),
            code,
            "{name}"
        );
    }
    let in_use = functions.delete(&reference("resize:1"));
    assert_eq!(code_of(in_use), LambdaCode::ResourceConflict);
    let decided = functions.update_alias(&resize, "live", alias("2", None), fresh(6));
    assert_eq!(change(&mut functions, decided).unwrap().revision_id, "revision-6");
    let decided = functions.delete(&reference("resize:1"));
    change(&mut functions, decided).unwrap();
    assert!(functions.shown(&reference("resize:1")).is_err());
    let decided = functions.delete_alias(&resize, "live");
    change(&mut functions, decided).unwrap();
    assert_eq!(code_of(functions.alias(&resize, "live")), LambdaCode::ResourceNotFound);
    change(&mut functions, Ok((Vec::new(), ()))).unwrap();
    assert!(functions.delete_alias(&resize, "live").unwrap().0.is_empty());
}

#[test]
fn an_alias_with_two_versions_splits_invocations() {
    let mut functions = with_two_versions();
    let decided =
        functions.create_alias(&id("resize"), "live", alias("1", Some(("2", 0.25))), fresh(3));
    change(&mut functions, decided).unwrap();
    let invoked = |chance| functions.invocable(&reference("resize:live"), chance).unwrap().version;
    assert_eq!(invoked(0), Qualifier::Version(2));
    assert_eq!(invoked(u32::MAX / 4 - 1), Qualifier::Version(2));
    assert_eq!(invoked(u32::MAX / 4 + 1), Qualifier::Version(1));
    assert_eq!(invoked(u32::MAX), Qualifier::Version(1));
}

fn permission(id: &str) -> NewPermission {
    NewPermission {
        statement_id: id.to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: "sns.amazonaws.com".to_owned(),
        source_arn: Some("arn:aws:sns:us-east-1:111122223333:bookings".to_owned()),
        ..NewPermission::default()
    }
}

#[test]
fn statements_come_and_go() {
    let mut functions = functions();
    let resize = reference("resize");
    let decided = functions.add_permission(&resize, &permission("topic"), fresh(2));
    let statement = change(&mut functions, decided).unwrap();
    let value: serde_json::Value = serde_json::from_str(&statement).unwrap();
    assert_eq!(value["Principal"]["Service"], "sns.amazonaws.com");
    let topic = "arn:aws:sns:us-east-1:111122223333:bookings";
    assert_eq!(value["Condition"]["ArnLike"]["AWS:SourceArn"], topic);
    assert_eq!(value["Resource"], resize.arn());
    let again = functions.add_permission(&resize, &permission("topic"), fresh(3)).unwrap_err();
    assert!(again.text.starts_with("The statement id (topic) provided already exists."));
    let policy = functions.policy(&resize).unwrap();
    assert_eq!(policy.document().statements().len(), 1);
    assert_eq!(policy.revision_id(), "revision-2");
    for (changed, code) in [
        (
            NewPermission { principal: "who".into(), ..permission("a") },
            LambdaCode::InvalidParameterValue,
        ),
        (NewPermission { action: "sqs:Send".into(), ..permission("a") }, LambdaCode::Validation),
        (
            NewPermission { source_account: Some("1".into()), ..permission("a") },
            LambdaCode::Validation,
        ),
        (NewPermission { source_arn: Some("x".into()), ..permission("a") }, LambdaCode::Validation),
        (
            NewPermission { event_source_token: Some("x".repeat(257)), ..permission("a") },
            LambdaCode::Validation,
        ),
        (
            NewPermission { event_source_token: Some("a b".into()), ..permission("a") },
            LambdaCode::Validation,
        ),
        (
            NewPermission { principal_org_id: Some("o-short".into()), ..permission("a") },
            LambdaCode::Validation,
        ),
        (permission("a b"), LambdaCode::Validation),
        (
            NewPermission { revision_id: Some("x".into()), ..permission("a") },
            LambdaCode::PreconditionFailed,
        ),
    ] {
        assert_eq!(code_of(functions.add_permission(&resize, &changed, fresh(4))), code);
    }
    let absent = functions.remove_permission(&resize, "other", None, fresh(5));
    assert_eq!(code_of(absent), LambdaCode::ResourceNotFound);
    let decided = functions.remove_permission(&resize, "topic", None, fresh(5));
    change(&mut functions, decided).unwrap();
    assert_eq!(code_of(functions.policy(&resize)), LambdaCode::ResourceNotFound);
}

#[test]
fn a_policy_has_an_end() {
    let mut functions = functions();
    let resize = reference("resize");
    let added = (0..200).find_map(|number| {
        let id = format!("statement-{number}");
        let decided = functions.add_permission(&resize, &permission(&id), fresh(number));
        change(&mut functions, decided).err()
    });
    assert_eq!(added.unwrap().code, LambdaCode::PolicyLengthExceeded);
}

#[test]
fn every_kind_of_principal_makes_a_policy_that_opens() {
    for principal in ["*", "999988887777", "arn:aws:iam::999988887777:role/r", "s3.amazonaws.com"] {
        let mut functions = functions();
        let permission =
            NewPermission { principal: principal.to_owned(), ..permission("statement") };
        let decided = functions.add_permission(&reference("resize"), &permission, fresh(2));
        change(&mut functions, decided).unwrap_or_else(|fault| panic!("{principal}: {fault}"));
    }
}

#[test]
fn settings_of_events_are_replaced_or_changed() {
    let mut functions = functions();
    let resize = reference("resize");
    let none = functions.event_invoke_config(&resize).unwrap_err();
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:resize:$LATEST";
    assert_eq!(none.text, format!("The function {arn} doesn't have an EventInvokeConfig"));
    let queue = "arn:aws:sqs:us-east-1:111122223333:failed".to_owned();
    let first = InvokeChange { on_failure: Some(queue), ..InvokeChange::default() };
    let early = functions.put_invoke_config(&resize, first.clone(), false, fresh(2));
    assert_eq!(code_of(early), LambdaCode::ResourceNotFound, "there is nothing to update");
    let decided = functions.put_invoke_config(&resize, first.clone(), true, fresh(2));
    change(&mut functions, decided).unwrap();
    let more = InvokeChange { retry_attempts: Some(0), ..InvokeChange::default() };
    let decided = functions.put_invoke_config(&resize, more.clone(), false, fresh(3));
    let config = change(&mut functions, decided).unwrap();
    assert_eq!((config.retries(), &config.on_failure), (0, &first.on_failure));
    let decided = functions.put_invoke_config(&resize, more, true, fresh(4));
    let config = change(&mut functions, decided).unwrap();
    assert_eq!((config.on_failure, config.event_age_seconds), (None, None));
    for (change, code) in [
        (InvokeChange { retry_attempts: Some(3), ..Default::default() }, LambdaCode::Validation),
        (
            InvokeChange { event_age_seconds: Some(59), ..Default::default() },
            LambdaCode::Validation,
        ),
        (
            InvokeChange { on_success: Some("arn:aws:s3:::b".into()), ..Default::default() },
            LambdaCode::InvalidParameterValue,
        ),
    ] {
        assert_eq!(code_of(functions.put_invoke_config(&resize, change, true, fresh(5))), code);
    }
    let decided = functions.delete_invoke_config(&resize);
    change(&mut functions, decided).unwrap();
    assert_eq!(code_of(functions.delete_invoke_config(&resize)), LambdaCode::ResourceNotFound);
}

#[test]
fn reserved_concurrency_leaves_some_to_the_others() {
    let mut functions = functions();
    let decided = functions.put_concurrency(&id("resize"), Some(900));
    change(&mut functions, decided).unwrap();
    assert_eq!(functions.find(&id("resize")).unwrap().reserved_concurrency(), Some(900));
    assert!(functions.put_concurrency(&id("resize"), Some(901)).is_err());
    let decided = functions.put_concurrency(&id("resize"), None);
    change(&mut functions, decided).unwrap();
    assert_eq!(functions.find(&id("resize")).unwrap().reserved_concurrency(), None);
}

#[test]
fn a_function_goes_with_all_that_it_has_however_much() {
    let mut functions = functions();
    let resize = reference("resize");
    for byte in 2..=120 {
        let decided = functions.update_code(&resize, update(byte, true), fresh(u64::from(byte)));
        change(&mut functions, decided).unwrap();
    }
    let decided = functions.create_alias(&id("resize"), "live", alias("3", None), fresh(3));
    change(&mut functions, decided).unwrap();
    let mut steps = 0;
    loop {
        let decided = functions.delete(&resize);
        assert!(decided.as_ref().unwrap().0.len() < 100);
        steps += 1;
        if !change(&mut functions, decided).unwrap() {
            break;
        }
    }
    assert_eq!(steps, 2);
    assert_eq!(code_of(functions.delete(&resize)), LambdaCode::ResourceNotFound);
    assert!(functions.needed_code().is_empty());
}

#[test]
fn lists_come_in_pages() {
    let mut functions = functions();
    for name in ["a", "b", "z-1", "z"] {
        let (settings, code) = (settings(), code(1));
        let new = NewFunction { settings, code, publish: false, tags: [].into() };
        let decided = functions.create(&id(name), new, fresh(1));
        change(&mut functions, decided).unwrap();
    }
    let (mut names, mut marker) = (Vec::new(), None);
    loop {
        let (page, next) = functions.list(&scope(), marker.as_deref(), 2);
        names.extend(page.iter().map(|function| function.id().name.to_string()));
        marker = next;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "resize", "z", "z-1"]);
}

#[test]
fn the_entries_make_the_same_state_again() {
    let mut functions = Functions::default();
    let mut entries = std::collections::BTreeMap::new();
    let (settings, code) = (settings(), code(1));
    let tags = [("team".to_owned(), "rooms".to_owned())].into();
    let new = NewFunction { settings, code, publish: true, tags };
    let resize = reference("resize");
    let mut keep = |functions: &mut Functions, writes: Vec<Write>| {
        functions.apply(&writes).unwrap();
        for (name, value) in writes {
            match value {
                Some(value) => entries.insert(name, value),
                None => entries.remove(&name),
            };
        }
    };
    let writes = functions.create(&id("resize"), new, fresh(1)).unwrap().0;
    keep(&mut functions, writes);
    let writes =
        functions.create_alias(&id("resize"), "live", alias("1", None), fresh(2)).unwrap().0;
    keep(&mut functions, writes);
    let live = reference("resize:live");
    let writes = functions.add_permission(&live, &permission("topic"), fresh(3)).unwrap().0;
    keep(&mut functions, writes);
    let writes =
        functions.put_invoke_config(&resize, InvokeChange::default(), true, fresh(4)).unwrap().0;
    keep(&mut functions, writes);
    let pairs = entries.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let again = Functions::load(pairs).unwrap();
    assert_eq!(format!("{again:?}"), format!("{functions:?}"));

    for (name, value) in [
        ("lambda/111122223333/us-east-1/other/alias/live", &b"{}"[..]),
        ("lambda/111122223333/us-east-1/other", b"{}"),
        ("lambda/111122223333", b"{}"),
    ] {
        let fault = Functions::load([(name, value)]).unwrap_err();
        assert_eq!(fault.entry, name);
    }
}

#[test]
fn code_counts_with_what_is_in_it_once_and_each_version_with_its_archive() {
    let mut functions = functions();
    let resize = reference("resize");
    let bomb = Code { unpacked_bytes: limits::CODE_STORAGE_BYTES_MAX - 10_000, ..code(2) };
    let update = |code: Code| CodeUpdate { code, ..update(2, true) };
    let decided = functions.update_code(&resize, update(bomb.clone()), fresh(2));
    change(&mut functions, decided).unwrap();
    let small = |n: u8| Code { bytes: 10, unpacked_bytes: 0, ..code(n) };
    let decided = functions.update_code(&resize, update(bomb), fresh(3));
    change(&mut functions, decided).unwrap();
    let large = Code { unpacked_bytes: 10_000, ..small(3) };
    let refused = functions.update_code(&resize, update(large), fresh(4));
    assert_eq!(code_of(refused), LambdaCode::CodeStorageExceeded);
    assert!(functions.update_code(&resize, update(small(3)), fresh(4)).is_ok());
}

#[test]
fn what_an_account_keeps_of_all_its_functions_is_bounded() {
    let mut functions = functions();
    let resize = reference("resize");
    let long = |n: usize| Settings {
        environment: Some(Environment([("NUMBERS".to_owned(), "x".repeat(n))].into())),
        ..Settings::default()
    };
    let (writes, _) = functions.update_configuration(&resize, long(4000), None, fresh(2)).unwrap();
    functions.apply(&writes).unwrap();
    let size = |entry: &str, value: &[u8]| (entry.len() + value.len()) as u64;
    let mut left = limits::KEPT_BYTES_MAX - size(&writes[0].0, writes[0].1.as_ref().unwrap());
    // Versions until all is full, the last one with spaces around it.
    let (writes, _) = functions.publish_version(&resize, None, None, None).unwrap();
    let value = writes[1].1.clone().unwrap();
    for number in 2.. {
        let entry = format!("lambda/111122223333/us-east-1/resize/version/{number}");
        let mut value = value.clone();
        if left < 2 * size(&entry, &value) {
            value.resize(usize::try_from(left).unwrap() - entry.len(), b' ');
        }
        left -= size(&entry, &value);
        functions.apply(&[(entry, Some(value))]).unwrap();
        if left == 0 {
            break;
        }
    }
    let new = NewFunction { settings: settings(), code: code(1), publish: false, tags: [].into() };
    let created = functions.create(&id("other"), new.clone(), fresh(3));
    assert_eq!(code_of(created), LambdaCode::CodeStorageExceeded);
    let longer = functions.update_configuration(&resize, long(4080), None, fresh(3));
    assert_eq!(code_of(longer), LambdaCode::InvalidParameterValue);
    let tags = functions.tag(&resize.id, [("a".to_owned(), "b".to_owned())].into(), &[]);
    assert_eq!(code_of(tags), LambdaCode::InvalidParameterValue);
    let permission = NewPermission {
        statement_id: "all".to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: "*".to_owned(),
        ..NewPermission::default()
    };
    let added = functions.add_permission(&resize, &permission, fresh(3));
    assert_eq!(code_of(added), LambdaCode::PolicyLengthExceeded);
    // Less is always possible, and what goes makes room.
    let decided = functions.update_configuration(&resize, long(10), None, fresh(3));
    change(&mut functions, decided).unwrap();
    let decided = functions.delete(&reference("resize:7"));
    change(&mut functions, decided).unwrap();
    assert!(functions.create(&id("other"), new, fresh(4)).is_ok());
}

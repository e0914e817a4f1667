//! Changes of mappings, in and out.

use serde_json::{Map, json};
use tidings_core::filter_policy::PatternedEvent;
use tidings_core::names::{AccountId, QueueArn, Uuid};

use super::*;
use crate::testing::{reference, scope};
use crate::{LambdaCode, LambdaFault, Scope};

const AROUND: Surroundings =
    Surroundings { visibility_seconds: Some(30), timeout_seconds: Some(3) };

fn queue(name: &str) -> QueueArn {
    QueueArn::parse(&format!("arn:aws:sqs:us-east-1:111122223333:{name}")).unwrap()
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_random(number)
}

fn new(number: u128, queue_name: &str, function: &str) -> NewMapping {
    NewMapping {
        uuid: uuid(number),
        queue: queue(queue_name),
        function: reference(function),
        settings: MappingSettings::default(),
        tags: [].into(),
    }
}

fn with(settings: MappingSettings, queue_name: &str) -> Result<Mapping, LambdaFault> {
    let new = NewMapping { settings, ..new(1, queue_name, "resize") };
    let (_, mapping) = EventSources::default().create(new, AROUND, 5)?;
    Ok(Mapping::clone(&mapping))
}

/// A state with the mapping 1 of the queue `orders` to the function `resize`, settled.
fn sources() -> EventSources {
    let mut sources = EventSources::default();
    let (writes, _) = sources.create(new(1, "orders", "resize"), AROUND, 5).unwrap();
    sources.apply(&writes).unwrap();
    settle(&mut sources);
    sources
}

fn settle(sources: &mut EventSources) {
    let all: Vec<_> = sources.all().cloned().collect();
    for mapping in all {
        sources.apply(&sources.settle(&mapping)).unwrap();
    }
}

fn state(sources: &EventSources, number: u128) -> Option<&'static str> {
    Some(sources.find(&scope(), &uuid(number).to_string()).ok()?.state())
}

fn update(sources: &mut EventSources, settings: MappingSettings) -> Result<(), LambdaFault> {
    let update = MappingUpdate { settings, function: None };
    let (writes, _) = sources.update(&scope(), &uuid(1).to_string(), update, AROUND, 6)?;
    sources.apply(&writes).unwrap();
    Ok(())
}

fn delete(sources: &mut EventSources) -> Result<(), LambdaFault> {
    let (writes, _) = sources.delete(&scope(), &uuid(1).to_string(), 7)?;
    sources.apply(&writes).unwrap();
    Ok(())
}

fn enabled(is_enabled: bool) -> MappingSettings {
    MappingSettings { is_enabled: Some(is_enabled), ..MappingSettings::default() }
}

fn batches(size: i64, window: i64) -> MappingSettings {
    let (batch_size, window_seconds) = (Some(size), Some(window));
    MappingSettings { batch_size, window_seconds, ..MappingSettings::default() }
}

fn filters(texts: &[&str]) -> MappingSettings {
    let filters = texts.iter().map(|&text| text.to_owned()).collect();
    MappingSettings { filters: Some(filters), ..MappingSettings::default() }
}

#[test]
fn a_mapping_has_the_documented_defaults_and_states() {
    let mut sources = EventSources::default();
    let (writes, mapping) = sources.create(new(1, "orders", "resize:live"), AROUND, 5).unwrap();
    assert_eq!((mapping.batch_size, mapping.window_seconds), (10, 0));
    assert_eq!(mapping.concurrency(), (5, 1250));
    assert_eq!(
        mapping.function_arn(),
        "arn:aws:lambda:us-east-1:111122223333:function:resize:live"
    );
    let id = uuid(1);
    assert_eq!(
        mapping.arn(),
        format!("arn:aws:lambda:us-east-1:111122223333:event-source-mapping:{id}")
    );
    assert_eq!(state(&sources, 1), None, "nothing is decided before it is written");
    sources.apply(&writes).unwrap();
    assert_eq!(state(&sources, 1), Some("Creating"));
    settle(&mut sources);
    assert_eq!(state(&sources, 1), Some("Enabled"));
    update(&mut sources, enabled(false)).unwrap();
    assert_eq!(state(&sources, 1), Some("Disabling"));
    settle(&mut sources);
    assert_eq!(state(&sources, 1), Some("Disabled"));
    update(&mut sources, batches(5, 0)).unwrap();
    assert_eq!(state(&sources, 1), Some("Updating"));
    settle(&mut sources);
    assert_eq!(state(&sources, 1), Some("Disabled"));
    update(&mut sources, enabled(true)).unwrap();
    assert_eq!(state(&sources, 1), Some("Enabling"));
    settle(&mut sources);
    delete(&mut sources).unwrap();
    assert_eq!(state(&sources, 1), Some("Deleting"));
    settle(&mut sources);
    assert_eq!(state(&sources, 1), None);
}

#[test]
fn what_is_created_disabled_is_so_at_once() {
    let mapping = with(enabled(false), "orders").unwrap();
    assert_eq!(mapping.state(), "Disabled");
    assert!(!mapping.is_running());
}

#[test]
fn nothing_is_changed_while_a_change_is_under_way() {
    let mut sources = sources();
    update(&mut sources, batches(5, 0)).unwrap();
    let fault = update(&mut sources, batches(6, 0)).unwrap_err();
    assert_eq!(fault.code, LambdaCode::ResourceInUse);
    let fault = delete(&mut sources).unwrap_err();
    assert_eq!(fault.text, "Cannot delete the event source mapping because it is in use.");
}

#[test]
fn what_was_done_for_an_earlier_revision_settles_nothing() {
    let mut sources = sources();
    let early = sources.all().next().unwrap().clone();
    assert_eq!(sources.settle(&early), Vec::new());
    delete(&mut sources).unwrap();
    assert_eq!(sources.settle(&early), Vec::new());
    assert_eq!(state(&sources, 1), Some("Deleting"));
}

#[test]
fn a_queue_has_one_mapping_to_a_function() {
    let mut sources = sources();
    let fault = sources.create(new(2, "orders", "resize"), AROUND, 5).unwrap_err();
    assert_eq!(fault.code, LambdaCode::ResourceConflict);
    assert_eq!(
        fault.text,
        format!(
            "An event source mapping with SQS arn (\" arn:aws:sqs:us-east-1:111122223333:orders \") \
             and function (\" resize \") already exists. Please update or delete the existing mapping \
             with UUID {}",
            uuid(1)
        )
    );
    for other in [new(2, "orders", "resize:live"), new(3, "bills", "resize")] {
        let (writes, _) = sources.create(other, AROUND, 5).unwrap();
        sources.apply(&writes).unwrap();
    }
    settle(&mut sources);
    let update = MappingUpdate {
        function: Some(reference("resize:live")),
        settings: MappingSettings::default(),
    };
    let fault = sources.update(&scope(), &uuid(1).to_string(), update, AROUND, 6).unwrap_err();
    assert_eq!(fault.code, LambdaCode::ResourceConflict);
}

#[test]
fn queue_and_function_have_to_be_there_and_fit() {
    let sources = EventSources::default();
    for (visibility_seconds, timeout_seconds, expected) in [
        (None, Some(3), "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue"),
        (Some(30), None, "Function does not exist"),
        (
            Some(30),
            Some(31),
            "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds",
        ),
    ] {
        let around = Surroundings { visibility_seconds, timeout_seconds };
        let fault = sources.create(new(1, "orders", "resize"), around, 5).unwrap_err();
        assert_eq!(fault.code, LambdaCode::InvalidParameterValue);
        assert!(fault.text.contains(expected), "{fault}");
    }
    let elsewhere = QueueArn::parse("arn:aws:sqs:eu-west-1:111122223333:orders").unwrap();
    let of_elsewhere = NewMapping { queue: elsewhere, ..new(1, "orders", "resize") };
    sources.create(of_elsewhere, AROUND, 5).unwrap_err();
    let of_other = QueueArn::parse("arn:aws:sqs:us-east-1:444455556666:orders").unwrap();
    let of_other = NewMapping { queue: of_other, ..new(1, "orders", "resize") };
    sources.create(of_other, AROUND, 5).unwrap();
}

#[test]
fn values_have_bounds() {
    use LambdaCode::{InvalidParameterValue as Parameter, Validation};
    let concurrency =
        |max| MappingSettings { concurrency_max: Some(Some(max)), ..MappingSettings::default() };
    let types = |types: &[&str]| MappingSettings {
        response_types: Some(types.iter().map(|&it| it.to_owned()).collect()),
        ..MappingSettings::default()
    };
    for (settings, queue_name, expected) in [
        (batches(0, 0), "q", Err(Validation)),
        (batches(1, 0), "q", Ok(())),
        (batches(10, 0), "q", Ok(())),
        (batches(11, 0), "q", Err(Parameter)),
        (batches(11, 1), "q", Ok(())),
        (batches(10_000, 300), "q", Ok(())),
        (batches(10_001, 300), "q", Err(Validation)),
        (batches(i64::MAX, 300), "q", Err(Validation)),
        (batches(10, 301), "q", Err(Validation)),
        (batches(10, -1), "q", Err(Validation)),
        (batches(10, 0), "q.fifo", Ok(())),
        (batches(11, 0), "q.fifo", Err(Parameter)),
        (batches(10, 1), "q.fifo", Err(Parameter)),
        (concurrency(1), "q", Err(Validation)),
        (concurrency(2), "q", Ok(())),
        (concurrency(1000), "q", Ok(())),
        (concurrency(1001), "q", Err(Validation)),
        (types(&[]), "q", Ok(())),
        (types(&["ReportBatchItemFailures"]), "q", Ok(())),
        (types(&["ReportBatchItemFailures"; 2]), "q", Err(Validation)),
        (types(&["Else"]), "q", Err(Validation)),
        (filters(&[r#"{"body":{"a":[1]}}"#; 10]), "q", Ok(())),
        (filters(&[r#"{"body":{"a":[1]}}"#; 11]), "q", Err(Parameter)),
        (filters(&["{"]), "q", Err(Parameter)),
        (filters(&[""]), "q", Err(Parameter)),
    ] {
        let shown = format!("{settings:?} of {queue_name}");
        let outcome = with(settings, queue_name).map(|_| ()).map_err(|fault| fault.code);
        assert_eq!(outcome, expected, "{shown}");
    }
    let fault = with(batches(11, 0), "q").unwrap_err();
    assert_eq!(
        fault.text,
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater \
         than 10"
    );
    let fault = with(batches(0, 0), "q").unwrap_err();
    assert_eq!(
        fault.text,
        "1 validation error detected: Value '0' at 'batchSize' failed to satisfy constraint: Member \
         must have value greater than or equal to 1"
    );
}

#[test]
fn an_update_changes_what_is_given_only() {
    let mut sources = sources();
    let settings = MappingSettings {
        concurrency_max: Some(Some(7)),
        response_types: Some(vec!["ReportBatchItemFailures".to_owned()]),
        ..filters(&[r#"{"body":{"a":[1]}}"#])
    };
    update(&mut sources, settings).unwrap();
    settle(&mut sources);
    update(&mut sources, batches(20, 1)).unwrap();
    settle(&mut sources);
    let mapping = sources.all().next().unwrap();
    assert_eq!((mapping.batch_size, mapping.window_seconds, mapping.revision), (20, 1, 3));
    assert_eq!((mapping.concurrency_max, mapping.concurrency()), (Some(7), (5, 7)));
    assert!(mapping.reports_item_failures);
    assert_eq!((mapping.filters.len(), mapping.modified_at_ms), (1, 6));
    let nothing = MappingSettings {
        concurrency_max: Some(None),
        response_types: Some(Vec::new()),
        filters: Some(Vec::new()),
        ..MappingSettings::default()
    };
    update(&mut sources, nothing).unwrap();
    let mapping = sources.all().next().unwrap();
    assert_eq!((mapping.concurrency_max, mapping.filters.len()), (None, 0));
    assert!(!mapping.reports_item_failures);
    let fault = update(&mut self::sources(), batches(20, 0)).unwrap_err();
    assert_eq!(fault.code, LambdaCode::InvalidParameterValue, "the window that it has is 0");
}

#[test]
fn one_filter_is_enough() {
    let mapping = with(filters(&[r#"{"body":{"a":[1]}}"#, r#"{"body":["x"]}"#]), "q").unwrap();
    let event = |body| PatternedEvent::new(Map::new(), body);
    assert!(mapping.wants(&event(r#"{"a":1}"#)));
    assert!(mapping.wants(&event("x")));
    assert!(!mapping.wants(&event("y")));
    assert!(with(MappingSettings::default(), "q").unwrap().wants(&event("y")));
}

#[test]
fn messages_stay_invisible_while_a_batch_gathers() {
    let mapping = with(batches(100, 20), "q").unwrap();
    assert_eq!(mapping.visibility_seconds(30, 10), None);
    assert_eq!(mapping.visibility_seconds(30, 11), Some(61));
    let at_once = with(batches(10, 0), "q").unwrap();
    assert_eq!(at_once.visibility_seconds(3, 5), None);
    assert_eq!(at_once.visibility_seconds(0, 5), Some(35));
}

#[test]
fn lists_have_pages_and_filters() {
    let mut sources = EventSources::default();
    for (number, queue_name, function) in
        [(1, "a", "f"), (2, "a", "f:1"), (3, "b", "f"), (4, "b", "g"), (5, "c", "g")]
    {
        let (writes, _) = sources.create(new(number, queue_name, function), AROUND, 5).unwrap();
        sources.apply(&writes).unwrap();
    }
    let mut all: Vec<_> = (1..=5).map(|number| uuid(number).to_string()).collect();
    all.sort();
    let list = |query: &MappingQuery| {
        let (page, marker) = sources.list(&scope(), query);
        (page.iter().map(|it| it.uuid.to_string()).collect::<Vec<_>>(), marker)
    };
    assert_eq!(list(&MappingQuery::default()), (all.clone(), None));
    let two = MappingQuery { max: Some(2), ..MappingQuery::default() };
    let (page, marker) = list(&two);
    assert_eq!((page.as_slice(), marker.as_ref()), (&all[..2], Some(&all[1])));
    let (page, marker) = list(&MappingQuery { marker, ..two.clone() });
    assert_eq!((page.as_slice(), marker.as_ref()), (&all[2..4], Some(&all[3])));
    assert_eq!(list(&MappingQuery { marker, ..two }), (all[4..].to_vec(), None));
    for (event_source, function, expected) in [
        (Some("a"), None, vec![1, 2]),
        (None, Some("f"), vec![1, 3]),
        (None, Some("f:1"), vec![2]),
        (Some("b"), Some("g"), vec![4]),
        (Some("d"), None, vec![]),
    ] {
        let query = MappingQuery {
            event_source: event_source.map(|name| queue(name).to_string()),
            function: function.map(reference),
            ..MappingQuery::default()
        };
        let mut expected: Vec<_> = expected.into_iter().map(|it| uuid(it).to_string()).collect();
        expected.sort();
        assert_eq!(list(&query), (expected, None));
    }
}

#[test]
fn others_see_nothing() {
    let sources = sources();
    let account = AccountId::parse("999988887777").unwrap();
    let other = Scope { account, ..scope() };
    let id = uuid(1).to_string();
    assert!(sources.find(&scope(), &id.to_uppercase()).is_ok());
    for (scope, id) in [(&other, &*id), (&scope(), "x"), (&scope(), "")] {
        let fault = sources.find(scope, id).unwrap_err();
        assert_eq!(fault.code, LambdaCode::ResourceNotFound);
        assert_eq!(fault.text, "The resource you requested does not exist.");
    }
    assert_eq!(sources.list(&other, &MappingQuery::default()).0.len(), 0);
}

#[test]
fn what_is_kept_is_all_there_is() {
    let mut sources = sources();
    let settings = MappingSettings {
        concurrency_max: Some(Some(9)),
        response_types: Some(vec!["ReportBatchItemFailures".to_owned()]),
        batch_size: Some(77),
        window_seconds: Some(3),
        is_enabled: Some(false),
        ..filters(&[r#"{ "body": {"a": [1]} }"#])
    };
    let update = MappingUpdate { settings, function: Some(reference("resize:live")) };
    let (writes, _) = sources.update(&scope(), &uuid(1).to_string(), update, AROUND, 6).unwrap();
    sources.apply(&writes).unwrap();
    let tags = [("k".to_owned(), "v".to_owned())].into();
    let (writes, _) = sources.tag(&scope(), &uuid(1).to_string(), tags, &[]).unwrap();
    sources.apply(&writes).unwrap();
    let again = writes.iter().map(|(entry, value)| (&**entry, value.as_deref().unwrap()));
    let again = EventSources::load(again).unwrap();
    assert_eq!(again.all().next(), sources.all().next());
    let mapping = again.all().next().unwrap();
    assert_eq!(mapping.tags["k"], "v");
    assert_eq!(mapping.filters[0].text, r#"{ "body": {"a": [1]} }"#);
    let (writes, mapping) =
        again.tag(&scope(), &uuid(1).to_string(), [].into(), &["k".to_owned()]).unwrap();
    assert!(mapping.tags.is_empty() && writes.len() == 1);
}

#[test]
fn damaged_entries_are_refused() {
    let (writes, _) =
        EventSources::default().create(new(1, "orders", "resize"), AROUND, 5).unwrap();
    let (entry, value) = &writes[0];
    let sound: serde_json::Value = serde_json::from_slice(value.as_deref().unwrap()).unwrap();
    for (member, value) in [
        ("queue", json!("orders")),
        ("function", json!("arn:aws:lambda:us-east-1:444455556666:function:resize")),
        ("function", json!("resize")),
        ("filters", json!(["{"])),
        ("phase", json!("thinking")),
        ("batch_size", json!(-1)),
    ] {
        let mut damaged = sound.clone();
        damaged[member] = value;
        let damaged = damaged.to_string();
        EventSources::load([(&**entry, damaged.as_bytes())]).unwrap_err();
    }
    EventSources::load([(&**entry, &b"{}"[..])]).unwrap_err();
    EventSources::load([("event-sources/x", sound.to_string().as_bytes())]).unwrap_err();
}

//! Rotation, asked for and automatic.

use crate::testing::{DAY_MS, NOW_MS, World, scope};
use crate::{
    Blob, Change, EncryptionContext, KeyCode, MadeBy, ManagedBy, Output, Rotation, limits,
};

fn enable(key: &str, period_days: u32) -> Change {
    Change::EnableKeyRotation { key: key.into(), period_days }
}

#[test]
fn what_earlier_material_encrypted_stays_readable() {
    let mut world = World::new();
    let (arn, context) = (world.new_key(), EncryptionContext::one("a", "b"));
    let mut blobs = Vec::new();
    for n in 0..4_u8 {
        let salt = world.bytes();
        blobs.push(world.key(&arn).encrypt(&[n], &context, salt).unwrap());
        world.now_ms += 1;
        let output = world.change(Change::RotateKeyOnDemand { key: arn.clone() }).unwrap();
        assert!(matches!(output, Output::Named { arn: named, .. } if named == arn));
    }
    let reloaded = world.reloaded();
    for store in [&world.store, &reloaded] {
        let key = store.find(&arn, &scope()).unwrap();
        for (n, encrypted) in blobs.iter().enumerate() {
            let blob = Blob::parse(&encrypted.blob).unwrap();
            let decrypted = key.decrypt(&blob, &context).unwrap();
            assert_eq!((decrypted.plaintext[0], decrypted.material), (n as u8, encrypted.material));
        }
        assert_ne!(key.current_material(), blobs[3].material);
        let made_by: Vec<_> = key.materials().map(|m| (m.made_at_ms, m.made_by)).collect();
        assert_eq!(made_by[0], (NOW_MS, MadeBy::Creation));
        assert_eq!(made_by[4], (NOW_MS + 4, MadeBy::OnDemand));
    }
}

#[test]
fn on_demand_rotations_are_limited() {
    let mut world = World::new();
    let key = world.new_key();
    for _ in 0..limits::ON_DEMAND_ROTATIONS_MAX {
        world.change(Change::RotateKeyOnDemand { key: key.clone() }).unwrap();
    }
    let fault = world.change(Change::RotateKeyOnDemand { key: key.clone() }).unwrap_err();
    assert_eq!(fault.code, KeyCode::LimitExceeded);
    assert_eq!(
        fault.text,
        format!(
            "The on-demand rotations limit has been reached for the given keyId. No more \
             on-demand rotations can be performed for this key: {key}"
        )
    );
}

#[test]
fn a_key_is_rotated_by_itself() {
    let mut world = World::new();
    let arn = world.new_key();
    world.change(enable(&arn, 90)).unwrap();
    let next_at_ms = NOW_MS + 90 * DAY_MS;
    assert_eq!(world.key(&arn).rotation(), Some(Rotation { period_days: 90, next_at_ms }));
    let first = world.key(&arn).current_material();
    assert_eq!(world.advance_to(next_at_ms - 1), 0);
    assert_eq!(world.key(&arn).current_material(), first);
    assert_eq!(world.advance_to(next_at_ms), 1);
    assert_ne!(world.key(&arn).current_material(), first);
    assert_eq!(world.store.next_due(), Some(next_at_ms + 90 * DAY_MS));
    // The schedule is not moved by a rotation that is asked for.
    world.now_ms += 10 * DAY_MS;
    world.change(Change::RotateKeyOnDemand { key: arn.clone() }).unwrap();
    assert_eq!(world.store.next_due(), Some(next_at_ms + 90 * DAY_MS));
    world.change(Change::DisableKeyRotation { key: arn.clone() }).unwrap();
    assert_eq!((world.store.next_due(), world.key(&arn).rotation()), (None, None));
}

#[test]
fn a_shorter_period_counts_from_the_same_day() {
    let mut world = World::new();
    let arn = world.new_key();
    world.change(enable(&arn, 365)).unwrap();
    world.now_ms += 100 * DAY_MS;
    world.change(enable(&arn, 90)).unwrap();
    assert_eq!(world.store.next_due(), Some(NOW_MS + 90 * DAY_MS), "it is due already");
    let now_ms = world.now_ms;
    assert_eq!(world.advance_to(now_ms), 1);
    assert_eq!(world.store.next_due(), Some(now_ms + 90 * DAY_MS));
}

#[test]
fn a_key_that_is_not_enabled_is_not_rotated() {
    let mut world = World::new();
    let arn = world.new_key();
    world.change(enable(&arn, 90)).unwrap();
    world.change(Change::DisableKey { key: arn.clone() }).unwrap();
    assert_eq!(world.store.next_due(), None);
    assert!(world.key(&arn).rotation().is_some(), "the setting stays");
    assert_eq!(world.advance_to(NOW_MS + 1000 * DAY_MS), 0);
    world.change(Change::EnableKey { key: arn.clone() }).unwrap();
    assert_eq!(world.advance_to(NOW_MS + 1000 * DAY_MS), 1, "what was missed, once");
    let change = Change::ScheduleKeyDeletion { key: arn.clone(), window_days: 7 };
    world.change(change).unwrap();
    assert_eq!(world.key(&arn).rotation(), None);
}

#[test]
fn managed_keys_are_rotated_every_year() {
    let mut world = World::new();
    world.change(Change::CreateManagedKey(ManagedBy::Sqs)).unwrap();
    assert_eq!(world.advance_to(NOW_MS + 365 * DAY_MS), 1);
    assert_eq!(world.key("alias/aws/sqs").materials().count(), 2);
}

/// However old a key gets, its entry fits into the register.
#[test]
fn a_keys_entry_stays_small_enough() {
    let mut world = World::new();
    let open =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Sid":""#;
    let close = r#""}}"#;
    let fill = "\n".repeat(limits::POLICY_BYTES_MAX - open.len() - close.len());
    let policy = crate::KeyPolicy::parse(&format!("{fill}{open}{close}")).unwrap();
    let tags = (0..limits::TAGS_MAX)
        .map(|n| (format!("{n:02}{}", "𝕜".repeat(126)), "𝕜".repeat(limits::TAG_VALUE_CHARS_MAX)))
        .collect();
    let description = "\u{1}".repeat(limits::DESCRIPTION_CHARS_MAX);
    let change = Change::CreateKey { policy: Some(policy), description, tags };
    let Ok(Output::Key(metadata)) = world.change(change) else { panic!("no key") };
    world.change(enable(&metadata.arn, 90)).unwrap();
    let mut rotations = 0;
    while let Some(due_at_ms) = world.store.next_due() {
        // Each write is checked against the bound of the register.
        rotations += world.advance_to(due_at_ms);
    }
    assert_eq!(rotations, limits::MATERIALS_MAX - 1);
}

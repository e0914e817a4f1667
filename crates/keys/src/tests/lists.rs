//! Lists come in pages, which together are the whole.

use crate::testing::{World, scope};
use crate::{Change, Constraints, KeyCode, ManagedBy, NewGrant, Page};

/// All items, page by page.
fn pages<T>(mut ask: impl FnMut(Option<&str>) -> Page<T>) -> Vec<Vec<T>> {
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let page = ask(marker.as_deref());
        all.push(page.items);
        marker = page.next_marker;
        if marker.is_none() {
            return all;
        }
    }
}

fn sizes<T>(pages: &[Vec<T>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

#[test]
fn keys_are_listed() {
    let mut world = World::new();
    let mut arns: Vec<String> = (0..5).map(|_| world.new_key()).collect();
    arns.sort();
    let listed = pages(|marker| world.store.list_keys(&scope(), marker, 2).unwrap());
    assert_eq!(sizes(&listed), [2, 2, 1]);
    let listed: Vec<String> = listed.concat().iter().map(|id| scope().key_arn(*id)).collect();
    assert_eq!(listed, arns);
    let exactly = world.store.list_keys(&scope(), None, 5).unwrap();
    assert_eq!(exactly.next_marker, None);
}

#[test]
fn aliases_are_listed_with_those_that_are_not_made_yet() {
    let mut world = World::new();
    let (one, other) = (world.new_key(), world.new_key());
    for (alias, key) in [("alias/b", &one), ("alias/a", &other), ("alias/z", &one)] {
        world.change(Change::CreateAlias { alias: alias.into(), key: key.clone() }).unwrap();
    }
    world.change(Change::CreateManagedKey(ManagedBy::Sqs)).unwrap();
    for limit in 1..7 {
        let listed =
            pages(|marker| world.store.list_aliases(&scope(), None, marker, limit).unwrap());
        let listed: Vec<_> = listed.into_iter().flatten().collect();
        let names: Vec<_> =
            listed.iter().map(|alias| (alias.name.as_str(), alias.target.is_some())).collect();
        let expected = [
            ("alias/a", true),
            ("alias/aws/sns", false),
            ("alias/aws/sqs", true),
            ("alias/b", true),
            ("alias/z", true),
        ];
        assert_eq!(names, expected, "{limit}");
        assert_eq!(listed[0].arn, "arn:aws:kms:us-east-1:111122223333:alias/a");
    }
    let of_one = pages(|marker| {
        world.store.list_aliases(&scope(), Some(world.key(&one)), marker, 1).unwrap()
    });
    let of_one: Vec<_> = of_one.concat().into_iter().map(|alias| alias.name).collect();
    assert_eq!(of_one, ["alias/b", "alias/z"]);
}

#[test]
fn grants_tags_and_rotations_are_listed() {
    let mut world = World::new();
    let key = world.new_key();
    for n in 0..5 {
        let grant = NewGrant {
            name: None,
            grantee: format!("arn:aws:iam::111122223333:user/{}", n % 2),
            retiring_principal: None,
            operations: vec!["Decrypt".into()],
            constraints: Constraints::default(),
        };
        world.change(Change::CreateGrant { key: key.clone(), grant }).unwrap();
        let tags = vec![(format!("k{n}"), n.to_string())];
        world.change(Change::TagResource { key: key.clone(), tags }).unwrap();
        world.change(Change::RotateKeyOnDemand { key: key.clone() }).unwrap();
    }
    let arn = world.key(&key);
    let grants = |only, grantee| {
        let listed =
            pages(|marker| world.store.list_grants(arn, only, grantee, marker, 2).unwrap());
        listed.concat().into_iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>()
    };
    let all = grants(None, None);
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted());
    assert_eq!(grants(Some(&all[3]), None), [all[3].clone()]);
    assert_eq!(grants(Some("x"), None), Vec::<String>::new());
    assert_eq!(grants(None, Some("arn:aws:iam::111122223333:user/0")).len(), 3);
    let tags = pages(|marker| arn.list_tags(marker, 2).unwrap());
    assert_eq!(sizes(&tags), [2, 2, 1]);
    assert_eq!(tags.concat()[4], ("k4", "4"));
    let rotations = |all| pages(|marker| arn.list_rotations(all, marker, 2).unwrap());
    assert_eq!(sizes(&rotations(false)), [2, 2, 1]);
    assert_eq!(sizes(&rotations(true)), [2, 2, 2]);
    let last = *rotations(false).concat().last().unwrap();
    assert!(last.is_current && last.id == arn.current_material());
}

#[test]
fn markers_are_ours_or_refused() {
    let mut world = World::new();
    let key = world.new_key();
    for marker in ["*", "eA", "eHh4", "/w=="] {
        let fault = world.store.list_keys(&scope(), Some(marker), 1).unwrap_err();
        assert_eq!(fault.code, KeyCode::InvalidMarker, "{marker}");
        let fault = world.store.list_grants(world.key(&key), None, None, Some(marker), 1);
        assert_eq!(fault.unwrap_err().code, KeyCode::InvalidMarker, "{marker}");
        let fault = world.key(&key).list_rotations(true, Some(marker), 1).unwrap_err();
        assert_eq!(fault.code, KeyCode::InvalidMarker, "{marker}");
    }
    let fault = world.store.list_aliases(&scope(), None, Some("*"), 1).unwrap_err();
    assert_eq!(fault.code, KeyCode::InvalidMarker);
    assert_eq!(world.key(&key).list_tags(Some("*"), 1).unwrap_err().code, KeyCode::InvalidMarker);
}

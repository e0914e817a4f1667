//! Pages.

use tidings_core::names::{AccountId, Region};

use super::*;

#[test]
fn applications_are_listed_by_platform_and_name_and_nobody_elses() {
    let mut world = World::new();
    for n in 0..120 {
        world.turn = 0;
        world.create(&format!("MPNS/app{n:03}"), &[("Enabled", "true")]).unwrap();
    }
    world.create("GCM/z", &[("PlatformCredential", "{}")]).unwrap();
    for arn in [
        "arn:aws:sns:eu-west-1:000000000041:app/MPNS/a",
        "arn:aws:sns:eu-west-2:000000000042:app/MPNS/a",
    ] {
        let application = ApplicationArn::parse(arn).unwrap();
        let attributes = attributes(&[("Enabled", "true")]);
        world.change(Change::CreateApplication { application, attributes }).unwrap();
    }
    let account = AccountId::parse("000000000042").unwrap();
    let region = Region::parse("eu-west-1").unwrap();
    let first = world.platforms.list_applications(account, &region, None);
    let name = |page: &ApplicationPage, at: usize| page.applications[at].arn().name().to_owned();
    assert_eq!((first.applications.len(), first.more), (100, true));
    assert_eq!((name(&first, 0), name(&first, 1)), ("z".into(), "app000".into()));
    let last = first.applications[99].arn();
    let second = world.platforms.list_applications(account, &region, Some(last));
    assert_eq!((second.applications.len(), second.more), (21, false));
    assert_eq!((name(&second, 0), name(&second, 20)), ("app099".into(), "app119".into()));
}

#[test]
fn endpoints_are_listed_by_id() {
    let mut world = World::with_fcm("GCM/hotel");
    world.create("GCM/empty", &[("PlatformCredential", "{}")]).unwrap();
    let mut arns: Vec<_> = (0..200)
        .map(|n| world.register("GCM/hotel", &format!("token{n}"), &[]).unwrap().id)
        .collect();
    arns.sort();
    let list = |name: &str, after| {
        let application = world.platforms.application(&application(name)).unwrap();
        let page = world.platforms.list_endpoints(application, after);
        (page.endpoints.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(list("GCM/hotel", None), (arns[..100].to_vec(), true));
    assert_eq!(list("GCM/hotel", Some(arns[99])), (arns[100..].to_vec(), false));
    assert_eq!(list("GCM/hotel", Some(arns[199])), (vec![], false));
    assert_eq!(list("GCM/empty", None), (vec![], false));
}

//! Decisions about text messages, each applied as the register applies it.

use tidings_core::limits;
use tidings_core::names::{AccountId, Region};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::price::Price;
use tidings_core::register::RegisterWrite;
use tidings_core::rejection::TopicRejection;
use tidings_core::time::Timestamp;

use super::ledger::{Ledger, NoQuota};
use super::*;
use crate::plane::Registered;

const DAY_MS: u64 = 86_400_000;

fn scope(account: &str) -> Scope {
    let region = Region::parse("eu-west-1").unwrap();
    Scope { account: AccountId::parse(account).unwrap(), region }
}

fn one() -> Scope {
    scope("000000000042")
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// A store, and all that has been written to it.
#[derive(Default)]
struct Kept {
    store: SmsStore,
    written: Vec<RegisterWrite>,
}

impl Kept {
    fn apply(&mut self, writes: Vec<RegisterWrite>) -> usize {
        self.store.apply(&writes).unwrap();
        self.written.extend(writes.iter().cloned());
        // Built anew from what is durable it is the same.
        let mut again = SmsStore::default();
        again.apply(&self.written).unwrap();
        self.store = again;
        writes.len()
    }

    fn set(&mut self, pairs: &[(&str, &str)]) -> Result<usize, TopicRejection> {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let writes = self.store.set_attributes(&one(), &pairs, &terms())?;
        Ok(self.apply(writes))
    }

    fn shown(&self) -> Vec<(&'static str, String)> {
        self.store.attributes(&one(), &[], &terms())
    }

    fn opt_out(&mut self, text: &str, now_ms: u64) -> usize {
        let writes = self.store.opt_out(&number(text), now_ms).unwrap();
        self.apply(writes)
    }

    fn opt_in(&mut self, scope: &Scope, text: &str, now_ms: u64) -> Result<usize, TopicRejection> {
        let writes = self.store.opt_in(scope.account, &number(text), now_ms)?;
        Ok(self.apply(writes))
    }

    fn add(&mut self, text: &str, code: &str, now_ms: u64) -> Result<usize, TopicRejection> {
        let writes = self.store.add_to_sandbox(one().account, &number(text), code, now_ms)?;
        Ok(self.apply(writes))
    }

    fn verify(&mut self, text: &str, code: &str, now_ms: u64) -> Result<(), TopicRejection> {
        let (writes, verdict) = self.store.verify(one().account, &number(text), code, now_ms)?;
        self.apply(writes);
        verdict
    }

    fn remove(&mut self, text: &str, now_ms: u64) -> Result<usize, TopicRejection> {
        let writes = self.store.remove_from_sandbox(one().account, &number(text), now_ms)?;
        Ok(self.apply(writes))
    }
}

fn terms() -> SmsTerms {
    SmsTerms { monthly_spend_limit: Price::parse("50").unwrap(), ..SmsTerms::default() }
}

#[test]
fn attributes_are_set_shown_and_taken_back() {
    let mut kept = Kept::default();
    assert_eq!(kept.shown(), [("MonthlySpendLimit", "50".to_owned())]);
    let role = "arn:aws:iam::000000000042:role/logs";
    let all = [
        ("MonthlySpendLimit", "7.50"),
        ("DeliveryStatusIAMRole", role),
        ("DeliveryStatusSuccessSamplingRate", "25"),
        ("DefaultSenderID", "Hotel"),
        ("DefaultSMSType", "Transactional"),
        ("UsageReportS3Bucket", "sms-reports"),
    ];
    assert_eq!(kept.set(&all), Ok(1));
    let shown: Vec<_> = all.iter().map(|(name, value)| (*name, value.to_string())).collect();
    assert_eq!(kept.shown(), shown);
    assert_eq!(kept.set(&all), Ok(0), "nothing new is nothing to write");
    let wanted = ["DefaultSenderID".to_owned(), "unknown".to_owned()];
    let some = kept.store.attributes(&one(), &wanted, &terms());
    assert_eq!(some, [("DefaultSenderID", "Hotel".to_owned())]);
    let logging = kept.store.logging(&one());
    assert_eq!((logging.success_percent, logging.failures), (25, true));
    assert_eq!(kept.store.default_sender(&one()), Some("Hotel"));
    assert!(kept.store.is_transactional(&one()));
    assert_eq!(kept.store.monthly_spend_limit(&one(), &terms()), Price::parse("7.5").unwrap());
    assert_eq!(kept.store.default_sender(&scope("000000000043")), None, "each has its own");
    kept.set(&[("DefaultSenderID", ""), ("MonthlySpendLimit", "")]).unwrap();
    assert_eq!(kept.store.default_sender(&one()), None);
    assert_eq!(kept.shown()[0], ("MonthlySpendLimit", "50".to_owned()));
}

/// Callers sign for whatever region they like: what bounds them has no region in its names.
#[test]
fn attributes_alone_differ_by_region() {
    let (store, account) = (SmsStore::default(), one().account);
    let region = |name: &str| Scope { account, region: Region::parse(name).unwrap() };
    let (phone, now, mut names) = (number("+15550100123"), Timestamp::from_ms(1), Vec::new());
    let mut put = |writes: Vec<RegisterWrite>| names.extend(writes.into_iter().map(|it| it.0));
    for scope in [region("a1"), region("a2")] {
        let sender = [("DefaultSenderID".to_owned(), "Hotel".to_owned())];
        put(store.set_attributes(&scope, &sender, &terms()).unwrap());
    }
    put(store.add_to_sandbox(account, &phone, "123456", 0).unwrap());
    put(store.cover(account, price("1"), price("1"), now));
    let mut out = Kept::default();
    out.opt_out("+15550100123", 0);
    put(out.store.opt_in(account, &phone, 0).unwrap());
    let own = "sms/own/000000000042";
    let expected = [
        "attributes/a1",
        "attributes/a2",
        "codes",
        "sandbox/+15550100123",
        "spend",
        "opt-in/+15550100123",
    ];
    assert_eq!(names, expected.map(|rest| format!("{own}/{rest}")));
    let mut kept = Kept::default();
    let limit = [("MonthlySpendLimit".to_owned(), "7".to_owned())];
    let writes = kept.store.set_attributes(&region("a1"), &limit, &terms()).unwrap();
    kept.apply(writes);
    let limit_in = |name| kept.store.monthly_spend_limit(&region(name), &terms());
    assert_eq!((limit_in("a1"), limit_in("a2")), (price("7"), price("50")));
}

#[test]
fn an_attribute_that_cannot_be_is_refused_with_all_others() {
    let mut kept = Kept::default();
    for (name, value, text) in [
        ("Colour", "red", "Colour is not a valid attribute"),
        ("DefaultSenderID", "12345", "DefaultSendID is not a valid attribute"),
        ("DefaultSenderID", "Grand Hotel", "DefaultSendID is not a valid attribute"),
        ("DefaultSMSType", "urgent", "DefaultSMSType is invalid"),
        (
            "DeliveryStatusSuccessSamplingRate",
            "101",
            "DeliveryStatusSuccessSamplingRate is invalid",
        ),
        ("DeliveryStatusSuccessSamplingRate", "+5", "DeliveryStatusSuccessSamplingRate is invalid"),
        ("DeliveryStatusIAMRole", "logs", "DeliveryStatusIAMRole is invalid"),
        ("UsageReportS3Bucket", "My Bucket", "UsageReportS3Bucket is invalid"),
        ("MonthlySpendLimit", "much", "MonthlySpendLimit is invalid"),
        (
            "MonthlySpendLimit",
            "50.01",
            "Invalid parameter: MonthlySpendLimit Reason: it can be 50.00 USD at most: see \
             monthly-spend-limit in [sms] of the server's configuration",
        ),
    ] {
        let refused = kept.set(&[("DefaultSMSType", "Transactional"), (name, value)]);
        assert_eq!(refused, Err(TopicRejection::InvalidParameter(text.into())), "{name}");
    }
    assert!(kept.written.is_empty());
}

#[test]
fn a_limit_that_was_set_holds_no_further_than_the_operators() {
    let mut kept = Kept::default();
    kept.set(&[("MonthlySpendLimit", "50")]).unwrap();
    let less = SmsTerms { monthly_spend_limit: Price::parse("10").unwrap(), ..terms() };
    let limit = kept.store.monthly_spend_limit(&one(), &less);
    assert_eq!(limit, Price::parse("10").unwrap());
}

#[test]
fn an_opt_out_is_from_everybody_and_an_opt_in_is_ones_own() {
    let mut kept = Kept::default();
    let (phone, other) = ("+15550100123", scope("000000000043"));
    let is_out =
        |kept: &Kept, scope: &Scope| kept.store.is_opted_out(scope.account, &number(phone));
    assert_eq!(kept.opt_in(&one(), phone, 1), Ok(0), "it is in already");
    assert_eq!(kept.opt_out(phone, 1000), 1);
    assert_eq!(kept.opt_out(phone, 2000), 0, "once is enough");
    assert!(is_out(&kept, &one()) && is_out(&kept, &other));
    assert!(kept.store.is_opted_out(one().account, &number("15550100123")), "the same number");
    assert_eq!(kept.opt_in(&one(), phone, 3000), Ok(1));
    assert!(!is_out(&kept, &one()) && is_out(&kept, &other));
    assert_eq!(kept.store.opted_out(one().account, None), (Vec::new(), false));
    assert_eq!(kept.store.opted_out(other.account, None), (vec![phone.to_owned()], false));
    // It opts out again by a clock that went back.
    assert_eq!(kept.opt_out(phone, 500), 1);
    assert!(is_out(&kept, &one()));
    let too_recent = "Cannot opt in right now, latest opt in is too recent";
    let month_ms = 30 * DAY_MS;
    let refused = kept.opt_in(&one(), phone, 3000 + month_ms - 1);
    assert_eq!(refused, Err(TopicRejection::parameter(too_recent)));
    assert!(is_out(&kept, &one()));
    assert_eq!(kept.opt_in(&other, phone, 4000), Ok(1), "of others it does not count");
    assert_eq!(kept.opt_in(&one(), phone, 3000 + month_ms), Ok(1));
    assert!(!is_out(&kept, &one()));
}

#[test]
fn opted_out_numbers_come_in_pages() {
    let mut kept = Kept::default();
    let all: Vec<String> = (0..230).map(|last| format!("+15550100{last:03}")).collect();
    all.iter().for_each(|phone| {
        kept.opt_out(phone, 1);
    });
    let (mut after, mut found) = (None::<String>, Vec::new());
    loop {
        let (page, more) = kept.store.opted_out(one().account, after.as_deref());
        assert!(page.len() <= 100);
        after = page.last().cloned();
        found.extend(page);
        if !more {
            break;
        }
    }
    assert_eq!(found, all);
}

#[test]
fn a_code_verifies_a_number() {
    let mut kept = Kept::default();
    let phone = "+15550100123";
    assert_eq!(kept.verify(phone, "123456", 0), Err(TopicRejection::ResourceNotFound));
    kept.add(phone, "123456", 0).unwrap();
    assert_eq!(
        kept.store.sandbox(one().account, None, 10),
        (vec![(phone.to_owned(), false)], false)
    );
    assert!(!kept.store.is_verified(one().account, &number(phone)));
    let wrong = kept.verify(phone, "654321", 1).unwrap_err();
    assert!(matches!(wrong, TopicRejection::VerificationException(_)), "{wrong:?}");
    // Another code takes the place of the first.
    kept.add(phone, "222222", 2).unwrap();
    assert!(kept.verify(phone, "123456", 3).is_err());
    assert_eq!(kept.verify(phone, "222222", 4), Ok(()));
    assert!(kept.store.is_verified(one().account, &number(phone)));
    assert!(!kept.store.is_verified(scope("000000000043").account, &number(phone)));
    assert_eq!(kept.store.sandbox(one().account, None, 10).0, [(phone.to_owned(), true)]);
    assert_eq!(kept.verify(phone, "222222", 5), Ok(()), "it is verified already");
    let twice = kept.add(phone, "333333", 6).unwrap_err();
    assert!(matches!(twice, TopicRejection::UserError(_)), "{twice:?}");
    let early = kept.remove(phone, 4 + DAY_MS - 1).unwrap_err();
    assert!(matches!(early, TopicRejection::UserError(_)), "{early:?}");
    assert_eq!(kept.remove(phone, 4 + DAY_MS), Ok(1));
    assert_eq!(kept.remove(phone, 4 + DAY_MS), Err(TopicRejection::ResourceNotFound));
}

#[test]
fn a_code_ends_with_its_day_and_with_its_fifth_wrong_answer() {
    let mut kept = Kept::default();
    let (late, guessed) = ("+15550100123", "+15550100124");
    kept.add(late, "123456", 0).unwrap();
    assert!(kept.verify(late, "123456", DAY_MS).is_err());
    assert_eq!(kept.verify(late, "123456", DAY_MS - 1), Ok(()));
    kept.add(guessed, "123456", 0).unwrap();
    for guess in 0..5 {
        assert!(kept.verify(guessed, &format!("00000{guess}"), 1).is_err());
    }
    assert!(kept.verify(guessed, "123456", 1).is_err());
    // One that is pending can be given up at once.
    assert_eq!(kept.remove(guessed, 2), Ok(1));
}

#[test]
fn a_phone_gets_five_codes_a_day_and_a_sandbox_has_ten_numbers() {
    let mut kept = Kept::default();
    let phone = "+15550100123";
    for at in 0..5 {
        kept.add(phone, "123456", at).unwrap();
        // To forget the number is no way around that.
        kept.remove(phone, at).unwrap();
    }
    assert!(matches!(kept.add(phone, "123456", 5), Err(TopicRejection::UserError(_))));
    assert!(kept.add(phone, "123456", DAY_MS).is_ok());
    for last in 0..9 {
        kept.add(&format!("+1555010020{last}"), "123456", 2 * DAY_MS).unwrap();
    }
    let full = kept.add("+15550100300", "123456", 2 * DAY_MS);
    assert!(matches!(full, Err(TopicRejection::UserError(_))));
    assert!(kept.add(phone, "123456", 2 * DAY_MS).is_ok(), "another code for one that is there");
    let (page, more) = kept.store.sandbox(one().account, Some(phone), 4);
    assert_eq!((page.len(), more), (4, true));
    kept.opt_out("+15550100301", 0);
    let opted_out = kept.add("+15550100301", "123456", 0);
    assert_eq!(opted_out, Err(TopicRejection::OptedOut("Phone number is opted out".into())));
}

fn price(text: &str) -> Price {
    Price::parse(text).unwrap()
}

/// Counts a message, and writes what has to be written for it: how many writes that took.
fn charge(
    ledger: &mut Ledger,
    kept: &mut Kept,
    cost: &str,
    limit: &str,
    now: Timestamp,
) -> Result<usize, NoQuota> {
    let limit = price(limit);
    let spent = ledger.charge(&kept.store, one().account, price(cost), limit, now)?;
    ledger.conclude(one().account, price(cost), price(cost), now);
    let writes = kept.store.cover(one().account, spent, limit, now);
    let count = kept.apply(writes);
    assert!(kept.store.covers(one().account, spent, now), "nothing is sent that is not covered");
    Ok(count)
}

#[test]
fn a_limit_is_never_passed_and_few_messages_are_a_write() {
    let (mut ledger, mut kept) = (Ledger::default(), Kept::default());
    let now = Timestamp::from_ms(1_795_000_000_000);
    let mut writes = 0;
    for _ in 0..1000 {
        writes += charge(&mut ledger, &mut kept, "0.05", "50", now).unwrap();
    }
    assert_eq!(charge(&mut ledger, &mut kept, "0.05", "50", now), Err(NoQuota { is_final: true }));
    assert!((50..=110).contains(&writes), "{writes}: one for each step of half a dollar");
    assert_eq!(charge(&mut ledger, &mut kept, "0.05", "50.05", now), Ok(1), "the limit was raised");
}

#[test]
fn a_crash_counts_a_step_too_much_and_never_too_little() {
    let now = Timestamp::from_ms(1_795_000_000_000);
    let (mut ledger, mut kept) = (Ledger::default(), Kept::default());
    for _ in 0..7 {
        charge(&mut ledger, &mut kept, "0.05", "10", now).unwrap();
    }
    let mut after_crash = Ledger::default();
    let left = |ledger: &mut Ledger, kept: &mut Kept| {
        (0..).take_while(|_| charge(ledger, kept, "0.05", "10", now).is_ok()).count()
    };
    let messages = left(&mut after_crash, &mut kept);
    assert!((191..=193).contains(&messages), "{messages} of the 193 that would be right");

    // Whoever is stopped leaves what it really was.
    let (mut ledger, mut kept) = (Ledger::default(), Kept::default());
    for _ in 0..7 {
        charge(&mut ledger, &mut kept, "0.05", "10", now).unwrap();
    }
    let writes = ledger.settle(&kept.store, &ledger.accounts());
    assert_eq!(kept.apply(writes), 1);
    assert!(ledger.settle(&kept.store, &ledger.accounts()).is_empty());
    assert_eq!(left(&mut Ledger::default(), &mut kept), 193);
}

#[test]
fn what_was_not_taken_is_given_back_and_a_month_begins_at_nothing() {
    let november = Timestamp::from_ms(1_796_083_199_999);
    let december = november + 1;
    assert!(november.to_iso8601().starts_with("2026-11-30T23:59:59.999"));
    let (mut ledger, mut kept) = (Ledger::default(), Kept::default());
    charge(&mut ledger, &mut kept, "1", "1", november).unwrap();
    assert_eq!(charge(&mut ledger, &mut kept, "1", "1", november), Err(NoQuota { is_final: true }));
    ledger.conclude(one().account, price("1"), price("0"), november);
    charge(&mut ledger, &mut kept, "1", "1", november).unwrap();
    assert_eq!(charge(&mut ledger, &mut kept, "1", "1", december), Ok(1));
    // What is given back of November is none of December's.
    ledger.conclude(one().account, price("1"), price("0"), november);
    assert_eq!(charge(&mut ledger, &mut kept, "1", "1", december), Err(NoQuota { is_final: true }));
    assert_eq!(
        charge(&mut Ledger::default(), &mut kept, "0.01", "1", december),
        Err(NoQuota { is_final: true })
    );
}

#[test]
fn what_may_come_back_makes_nothing_final() {
    let now = Timestamp::from_ms(1_795_000_000_000);
    let (mut ledger, store, account) = (Ledger::default(), SmsStore::default(), one().account);
    let charge = |ledger: &mut Ledger, cost| {
        ledger.charge(&store, account, price(cost), price("1"), now).map(|_| ())
    };
    assert_eq!(charge(&mut ledger, "0.75"), Ok(()));
    assert_eq!(charge(&mut ledger, "0.5"), Err(NoQuota { is_final: false }));
    assert_eq!(charge(&mut ledger, "1.01"), Err(NoQuota { is_final: true }), "it never fits");
    // One of three parts was sent: that alone is not given back.
    ledger.conclude(account, price("0.75"), price("0.25"), now);
    assert_eq!(charge(&mut ledger, "0.76"), Err(NoQuota { is_final: true }));
    assert_eq!(charge(&mut ledger, "0.75"), Ok(()));
    ledger.conclude(account, price("0.75"), price("0.75"), now);
    assert_eq!(charge(&mut ledger, "0.01"), Err(NoQuota { is_final: true }));
}

#[test]
fn more_accounts_than_a_change_can_write_are_settled_by_parts() {
    let (now, mut ledger, mut kept) = (Timestamp::from_ms(1), Ledger::default(), Kept::default());
    let count = limits::REGISTER_WRITES_MAX + 1;
    for number in 0..count {
        let account = scope(&format!("{number:012}")).account;
        let spent = ledger.charge(&kept.store, account, price("0.3"), price("50"), now).unwrap();
        let writes = kept.store.cover(account, spent, price("50"), now);
        kept.store.apply(&writes).unwrap();
    }
    let accounts = ledger.accounts();
    let settled: Vec<_> = accounts
        .chunks(limits::REGISTER_WRITES_MAX)
        .map(|some| ledger.settle(&kept.store, some))
        .collect();
    assert!(settled.iter().all(|writes| writes.len() <= limits::REGISTER_WRITES_MAX));
    assert_eq!(settled.iter().map(Vec::len).sum::<usize>(), count);
    settled.into_iter().for_each(|writes| kept.store.apply(&writes).unwrap());
    assert!(ledger.settle(&kept.store, &accounts).is_empty());
}

#[test]
fn messages_come_from_numbers_that_the_operator_names() {
    let named = |text| OriginationNumber { number: number(text), country: None };
    let origination_numbers = vec![named("+15550100"), named("72000")];
    let some = SmsTerms { origination_numbers, ..terms() };
    for (sender, is_allowed) in [
        ("+15550100", true),
        ("15550100", true),
        ("72000", true),
        ("Hotel", true),
        ("+15550101", false),
        ("72001", false),
    ] {
        assert_eq!(some.allows_sender(sender), is_allowed, "{sender}");
        assert!(terms().allows_sender(sender), "none are named");
    }
}

#[test]
fn entries_that_are_not_ours_are_seen() {
    let own = "sms/own/000000000042";
    for (name, value) in [
        ("sms/", "{}"),
        ("sms/opt-out/phone", "{\"at_ms\":1}"),
        ("sms/opt-out/+15550100123", "1"),
        ("sms/own/42/attributes/eu-west-1", "{}"),
        ("sms/own/000000000042/attributes", "{}"),
        (&*format!("{own}/other"), "{}"),
        (&*format!("{own}/attributes/eu-west-1"), "[]"),
        (&*format!("{own}/attributes/no region"), "{}"),
        (&*format!("{own}/sandbox/phone"), "{}"),
        (&*format!("{own}/opt-in/+15550100123/x"), "{\"at_ms\":1}"),
    ] {
        let write = (name.to_owned(), Some(value.as_bytes().to_vec()));
        assert!(SmsStore::default().apply(&[write]).is_err(), "{name}");
    }
}

#[test]
fn a_code_has_six_digits() {
    let code = |number: u64| new_code(number.to_le_bytes());
    assert_eq!((code(7), code(123_456_789)), ("000007".to_owned(), "456789".to_owned()));
    assert!(limits::SMS_CODE_DIGITS.contains(&code(u64::MAX).len()));
}

/// Callers choose the region that they sign for.
#[test]
fn an_account_has_attributes_in_so_many_regions() {
    let mut kept = Kept::default();
    let in_region = |number: usize| Scope {
        region: Region::parse(&format!("region-{number}")).unwrap(),
        ..one()
    };
    let sender = |value: &str| [("DefaultSenderID".to_owned(), value.to_owned())];
    let mut set = |number: usize, value: &str| {
        let writes = kept.store.set_attributes(&in_region(number), &sender(value), &terms())?;
        kept.apply(writes);
        Ok::<_, TopicRejection>(())
    };
    for number in 0..limits::SMS_REGIONS_MAX {
        set(number, "Hotel").unwrap();
    }
    let refused = set(limits::SMS_REGIONS_MAX, "Hotel").unwrap_err();
    assert!(refused.to_string().contains("64 regions"), "{refused}");
    set(0, "Cinema").unwrap();
    set(0, "").unwrap();
    set(limits::SMS_REGIONS_MAX, "Hotel").unwrap();
    // And of those that are taken back nothing stays.
    let last = kept.written.iter().rev().find(|(name, _)| name.ends_with("/region-0"));
    assert_eq!(last.map(|(_, value)| value), Some(&None));
}

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A thing with a value that may differ from the one before it, and a business.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Thing {
    value: u64,
    is_busy: bool,
}

impl Item for Thing {
    const PAGE_BITS: u32 = 3;
    const IDLE_PAGES_MAX: usize = 4;
    const FIRST: Self = Self { value: 0, is_busy: false };

    fn is_busy(&self) -> bool {
        self.is_busy
    }

    fn pack(&self, gap: u64, before: &Self, w: &mut Writer<'_>) {
        w.varint(gap);
        w.difference(before.value, self.value);
        w.u8(u8::from(self.is_busy));
    }

    fn unpack(before: &Self, r: &mut Reader<'_>) -> Result<(u64, Self), Damaged> {
        Ok((r.varint()?, Self { value: r.difference(before.value)?, is_busy: r.flag()? }))
    }
}

impl Pages<Thing> {
    fn open_pages(&self) -> usize {
        self.pages.values().filter(|page| matches!(page, Page::Open(_))).count()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// So far behind the last number.
    Insert(u64, u64),
    /// The thing of this rank.
    Update(usize, u64, bool),
    Remove(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..4_u64, any::<u64>()).prop_map(|(gap, value)| Step::Insert(gap, value)),
        1 => (20..90_u64, 0..9_u64).prop_map(|(gap, value)| Step::Insert(gap, value)),
        3 => (any::<usize>(), 0..99_u64, any::<bool>()).prop_map(|(n, v, b)| Step::Update(n, v, b)),
        3 => any::<usize>().prop_map(Step::Remove),
        2 => (0..3_usize).prop_map(Step::Remove),
    ]
}

fn of_rank(plain: &BTreeMap<u64, Thing>, rank: usize) -> Option<u64> {
    plain.keys().nth(rank % plain.len().max(1)).copied()
}

fn check(pages: &Pages<Thing>, plain: &BTreeMap<u64, Thing>) {
    assert_eq!(pages.len(), plain.len() as u64);
    assert!(pages.iter().eq(plain.iter().map(|(number, thing)| (*number, *thing))));
    assert_eq!(pages.last(), plain.last_key_value().map(|(number, _)| *number));
    let middle = of_rank(plain, plain.len() / 2).unwrap_or(7) + 1;
    assert!(pages.from(middle).map(|(number, _)| number).eq(plain.range(middle..).map(|p| *p.0)));
    assert_eq!(pages.get(middle), plain.get(&middle).copied());
    let busy = plain.iter().filter(|(_, thing)| thing.is_busy);
    let mut busy: Vec<u64> = busy.map(|(number, _)| *number >> 3).collect();
    busy.dedup();
    // The last page, those that are idle, and one that is not noted as idle any more because it had
    // become busy in between.
    assert!(pages.open_pages() <= busy.len() + 1 + Thing::IDLE_PAGES_MAX, "what is idle is packed");
    assert!(pages.idle.len() <= Thing::IDLE_PAGES_MAX);
}

proptest! {
    #[test]
    fn pages_hold_what_a_map_would(steps in proptest::collection::vec(step(), 1..200)) {
        let mut pages = Pages::default();
        let mut plain = BTreeMap::new();
        let mut next = 0;
        for step in steps {
            match step {
                Step::Insert(gap, value) => {
                    next += gap;
                    let thing = Thing { value, is_busy: value % 5 == 0 };
                    pages.insert(next, thing);
                    plain.insert(next, thing);
                }
                Step::Update(rank, value, is_busy) => {
                    let Some(number) = of_rank(&plain, rank) else { continue };
                    let thing = Thing { value, is_busy };
                    let before = pages.update(number, |there| std::mem::replace(there, thing));
                    prop_assert_eq!(before, plain.insert(number, thing));
                }
                Step::Remove(rank) => {
                    let Some(number) = of_rank(&plain, rank) else { continue };
                    prop_assert_eq!(pages.remove(number), plain.remove(&number));
                    prop_assert_eq!(pages.remove(number), None);
                }
            }
            check(&pages, &plain);
        }
        let mut bytes = Vec::new();
        pages.encode(&mut Writer::new(&mut bytes));
        let again = read(&bytes).unwrap();
        check(&again, &plain);
    }

    #[test]
    fn damaged_pages_are_refused_or_read_as_others(
        values in proptest::collection::vec(0..300_u64, 1..40), at in any::<usize>(), bit in 0..8_u8,
    ) {
        let mut pages = Pages::default();
        for (number, value) in values.iter().enumerate() {
            pages.insert(number as u64, Thing { value: *value, is_busy: false });
        }
        let mut bytes = Vec::new();
        pages.encode(&mut Writer::new(&mut bytes));
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(read) = read(&bytes) {
            let numbers: Vec<u64> = read.iter().map(|(number, _)| number).collect();
            prop_assert!(numbers.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(numbers.len() as u64, read.len());
        }
        bytes.pop();
        prop_assert!(read(&bytes).is_err(), "cut short");
    }
}

fn read(bytes: &[u8]) -> Result<Pages<Thing>, Damaged> {
    let mut r = Reader::new(bytes);
    let mut pages = Pages::default();
    for _ in 0..r.u64()? {
        let number = r.u64()?;
        let page = PackedPage::read(number, &mut r, |_, _: &Thing| Ok(()))?;
        if pages.has_page(number) {
            return Err(Damaged);
        }
        pages.adopt(number, page);
    }
    r.end()?;
    Ok(pages)
}

#[test]
fn a_page_goes_with_its_last_thing() {
    let mut pages = Pages::default();
    for number in 0..1000 {
        pages.insert(number, Thing { value: number, is_busy: false });
    }
    for number in (0..1000).filter(|number| *number != 500) {
        assert_eq!(pages.remove(number).unwrap().value, number);
        assert!(pages.remove(number).is_none());
    }
    assert_eq!((pages.len(), pages.pages.len()), (1, 1));
    assert_eq!(pages.get(500).unwrap().value, 500);
}

#[test]
fn numbers_at_the_end_of_all_numbers_are_numbers_too() {
    let mut pages = Pages::default();
    for number in [0, 1, u64::MAX - 9, u64::MAX - 8, u64::MAX] {
        pages.insert(number, Thing { value: number, is_busy: false });
    }
    let mut bytes = Vec::new();
    pages.encode(&mut Writer::new(&mut bytes));
    let again = read(&bytes).unwrap();
    assert!(again.iter().eq(pages.iter()));
}

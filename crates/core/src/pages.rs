//! Many small things by number: in memory, and packed where nothing happens.
//!
//! Numbers only grow, and things come and go at the front. So they lie in pages by number. A page in
//! which nothing is going on is packed: each thing is written as what differs from the one before it,
//! which is two to four bytes for most. It is unpacked when one of its things changes.
//!
//! ```text
//!   number   0 ········ 63 │ 64 ······· 127 │ 128 ······ 191 │ …  │ 6400 ·
//!            open: busy    │ open: idle     │ packed         │ …  │ open: the last
//! ```
//!
//! A thing that is busy (in flight, say) keeps its page open. So does being the last page, which
//! grows. Some idle pages stay open too, so that a page is not packed between two uses.

use std::collections::{BTreeMap, VecDeque};

use crate::codec::{Damaged, Reader, Writer};

/// A thing that pages can hold.
pub(crate) trait Item: Copy {
    /// Pages hold the numbers that differ in so many low bits only.
    const PAGE_BITS: u32;

    /// Idle pages that stay open: as many as places in which things change by turns.
    const IDLE_PAGES_MAX: usize;

    /// What the first thing of a page is compared with.
    const FIRST: Self;

    /// Whether something is going on with it, so that its page had better stay open.
    fn is_busy(&self) -> bool;

    /// Writes what differs from the thing before, whose number is less by `gap`.
    fn pack(&self, gap: u64, before: &Self, w: &mut Writer<'_>);

    /// Reads what [`Item::pack`] wrote: the gap, and the thing.
    fn unpack(before: &Self, r: &mut Reader<'_>) -> Result<(u64, Self), Damaged>;
}

/// Things by number.
pub(crate) struct Pages<T> {
    pages: BTreeMap<u64, Page<T>>,
    len: u64,
    /// Open pages that were idle when they were noted down here, the first noted first.
    idle: VecDeque<u64>,
}

enum Page<T> {
    Open(Open<T>),
    Packed(PackedPage),
}

struct Open<T> {
    /// By number. A place stays empty when its thing has gone.
    places: Vec<(u64, Option<T>)>,
    live: u32,
    busy: u32,
    /// Whether the page stands in [`Pages::idle`].
    is_noted: bool,
}

/// The things of a page, packed. There is at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PackedPage {
    count: u32,
    bytes: Box<[u8]>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: BTreeMap::new(), len: 0, idle: VecDeque::new() }
    }
}

impl<T: Item> Pages<T> {
    /// The page in which a number lies.
    pub(crate) const fn page_of(number: u64) -> u64 {
        number >> T::PAGE_BITS
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn get(&self, number: u64) -> Option<T> {
        match self.pages.get(&Self::page_of(number))? {
            Page::Open(page) => page.places[page.find(number)?].1,
            Page::Packed(page) => {
                let mut things = page.iter(Self::page_of(number));
                things.find(|(n, _)| *n >= number).filter(|(n, _)| *n == number).map(|(_, t)| t)
            }
        }
    }

    /// Adds a thing. The number must be new.
    pub(crate) fn insert(&mut self, number: u64, thing: T) {
        let in_page = Self::page_of(number);
        self.len += 1;
        let last = self.pages.last_entry().map(|mut last| {
            let is_it = *last.key() == in_page;
            if is_it {
                last.get_mut().open(in_page).insert(number, thing);
            }
            (*last.key(), is_it)
        });
        if let Some((_, true)) = last {
            return;
        }
        let page = self.pages.entry(in_page).or_insert_with(|| Page::Open(Open::default()));
        page.open(in_page).insert(number, thing);
        self.settle(in_page);
        // It may be the last page no more, and then it grows no more.
        if let Some((last, _)) = last {
            self.settle(last);
        }
    }

    /// Changes a thing. `None` if there is none.
    pub(crate) fn update<R>(&mut self, number: u64, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.in_page_of(number, |page| {
            let at = page.find(number)?;
            let thing = page.places[at].1.as_mut()?;
            let was_busy = thing.is_busy();
            let changed = change(thing);
            page.busy = page.busy - u32::from(was_busy) + u32::from(thing.is_busy());
            Some(changed)
        })
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let removed = self.in_page_of(number, |page| {
            let at = page.find(number)?;
            let thing = page.places[at].1.take()?;
            page.live -= 1;
            page.busy -= u32::from(thing.is_busy());
            Some(thing)
        })?;
        self.len -= 1;
        Some(removed)
    }

    /// The things from `number` on, in order.
    pub(crate) fn from(&self, number: u64) -> impl Iterator<Item = (u64, T)> {
        let pages = self.pages.range(Self::page_of(number)..);
        pages.flat_map(|(page, things)| things.iter(*page)).skip_while(move |(n, _)| *n < number)
    }

    /// All things, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, T)> {
        self.from(0)
    }

    /// The number of the last thing.
    pub(crate) fn last(&self) -> Option<u64> {
        let (number, page) = self.pages.last_key_value()?;
        page.iter(*number).last().map(|(number, _)| number)
    }

    /// The things of the page with this number or, if it is gone, of the next one that is there, and
    /// that page's number.
    pub(crate) fn page_from(&self, page: u64) -> Option<(u64, impl Iterator<Item = (u64, T)>)> {
        let (number, page) = self.pages.range(page..).next()?;
        Some((*number, page.iter(*number)))
    }

    /// Whether anything lies in the page.
    pub(crate) fn has_page(&self, page: u64) -> bool {
        self.pages.contains_key(&page)
    }

    /// Writes all pages, packed or not, as packed ones.
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u64(self.pages.len() as u64);
        for (number, page) in &self.pages {
            w.u64(*number);
            match page {
                Page::Packed(page) => page.encode(w),
                Page::Open(page) => page.pack(*number).encode(w),
            }
        }
    }

    /// Takes in a page that is not there yet, as it is if it has nothing busy in it. The page must
    /// have been [read through](PackedPage::read).
    pub(crate) fn adopt(&mut self, number: u64, page: PackedPage) {
        self.len += u64::from(page.count);
        let is_idle = page.iter::<T>(number).all(|(_, thing)| !thing.is_busy());
        let before = self.pages.insert(number, Page::Packed(page));
        assert!(before.is_none(), "a page is read once");
        if !is_idle && let Some(page) = self.pages.get_mut(&number) {
            page.open(number);
        }
    }

    /// Does something in the page of a number, if it is there.
    fn in_page_of<R>(
        &mut self,
        number: u64,
        change: impl FnOnce(&mut Open<T>) -> Option<R>,
    ) -> Option<R> {
        let in_page = Self::page_of(number);
        let page = self.pages.get_mut(&in_page)?.open(in_page);
        let changed = change(page);
        if page.live == 0 || (page.busy == 0 && !page.is_noted) {
            self.settle(in_page);
        }
        changed
    }

    /// Lets a page go that is empty, and one be packed if this one became idle.
    fn settle(&mut self, number: u64) {
        let is_last = self.pages.last_key_value().is_some_and(|(last, _)| *last == number);
        let Some(Page::Open(page)) = self.pages.get_mut(&number) else { return };
        if page.live == 0 {
            self.pages.remove(&number);
            return;
        }
        if page.busy > 0 || is_last || page.is_noted {
            return;
        }
        page.is_noted = true;
        self.idle.push_back(number);
        if self.idle.len() > T::IDLE_PAGES_MAX
            && let Some(longest) = self.idle.pop_front()
        {
            self.close(longest);
        }
    }

    /// Packs a page, if it is still idle.
    fn close(&mut self, number: u64) {
        let is_last = self.pages.last_key_value().is_some_and(|(last, _)| *last == number);
        let Some(page) = self.pages.get_mut(&number) else { return };
        if let Page::Open(open) = page {
            open.is_noted = false;
            if open.busy == 0 && !is_last {
                *page = Page::Packed(open.pack(number));
            }
        }
    }
}

impl<T: Item> Page<T> {
    /// The page, unpacked.
    fn open(&mut self, number: u64) -> &mut Open<T> {
        if let Self::Packed(packed) = self {
            let mut open = Open::default();
            packed.iter(number).for_each(|(number, thing)| open.insert(number, thing));
            *self = Self::Open(open);
        }
        match self {
            Self::Open(page) => page,
            Self::Packed(_) => unreachable!("opened above"),
        }
    }

    fn iter(&self, number: u64) -> impl Iterator<Item = (u64, T)> {
        let (open, packed) = match self {
            Self::Open(page) => (Some(page), None),
            Self::Packed(page) => (None, Some(page)),
        };
        let open = open.into_iter().flat_map(|page| &page.places);
        let open = open.filter_map(|(number, thing)| Some((*number, (*thing)?)));
        open.chain(packed.into_iter().flat_map(move |page| page.iter(number)))
    }
}

impl<T> Default for Open<T> {
    fn default() -> Self {
        Self { places: Vec::new(), live: 0, busy: 0, is_noted: false }
    }
}

impl<T: Item> Open<T> {
    /// The place that is, or was, a number's.
    fn find(&self, number: u64) -> Option<usize> {
        // Without holes it is as far from the first place as the number from the first number.
        let first = self.places.first()?.0;
        let guess = usize::try_from(number.checked_sub(first)?).ok()?;
        match self.places.get(guess) {
            Some((found, _)) if *found == number => Some(guess),
            _ => self.places.binary_search_by_key(&number, |(number, _)| *number).ok(),
        }
    }

    fn insert(&mut self, number: u64, thing: T) {
        self.live += 1;
        self.busy += u32::from(thing.is_busy());
        if self.places.last().is_none_or(|(last, _)| *last < number) {
            self.places.push((number, Some(thing)));
            return;
        }
        match self.places.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => {
                let before = self.places[at].1.replace(thing);
                assert!(before.is_none(), "number {number} is given to one thing only");
            }
            Err(at) => self.places.insert(at, (number, Some(thing))),
        }
    }

    fn pack(&self, number: u64) -> PackedPage {
        let mut bytes = Vec::with_capacity(4 * self.places.len());
        let mut w = Writer::new(&mut bytes);
        let mut before = (first_of::<T>(number), T::FIRST);
        for (number, thing) in &self.places {
            let Some(thing) = thing else { continue };
            thing.pack(number.wrapping_sub(before.0), &before.1, &mut w);
            before = (*number, *thing);
        }
        PackedPage { count: self.live, bytes: bytes.into() }
    }
}

/// What lies before the first number of a page.
fn first_of<T: Item>(page: u64) -> u64 {
    (page << T::PAGE_BITS).wrapping_sub(1)
}

impl PackedPage {
    /// Reads a page out of a snapshot, and its things one by one to see that they are whole.
    pub(crate) fn read<T: Item>(
        number: u64,
        r: &mut Reader<'_>,
        mut each: impl FnMut(u64, &T) -> Result<(), Damaged>,
    ) -> Result<Self, Damaged> {
        let count = r.u32()?;
        let bytes = r.bytes()?;
        if count == 0 || number > u64::MAX >> T::PAGE_BITS {
            return Err(Damaged);
        }
        let mut things = Reader::new(bytes);
        let mut before = (first_of::<T>(number), T::FIRST);
        for _ in 0..count {
            let (gap, thing) = T::unpack(&before.1, &mut things)?;
            let at = before.0.wrapping_add(gap);
            let first = number << T::PAGE_BITS;
            let is_behind = before.0 == first.wrapping_sub(1) || at > before.0;
            if gap == 0 || !is_behind || Pages::<T>::page_of(at) != number {
                return Err(Damaged);
            }
            each(at, &thing)?;
            before = (at, thing);
        }
        things.end()?;
        Ok(Self { count, bytes: bytes.into() })
    }

    fn encode(&self, w: &mut Writer<'_>) {
        w.u32(self.count);
        w.bytes(&self.bytes);
    }

    fn iter<T: Item>(&self, page: u64) -> impl Iterator<Item = (u64, T)> {
        let mut r = Reader::new(&self.bytes);
        let mut before = (first_of::<T>(page), T::FIRST);
        (0..self.count).map(move |_| {
            let unpacked = T::unpack(&before.1, &mut r);
            let (gap, thing) = unpacked.expect("packed here, or read through");
            before = (before.0.wrapping_add(gap), thing);
            before
        })
    }
}

#[cfg(test)]
mod tests;

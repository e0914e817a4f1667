//! Pages of lists.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checks::Checks;
use crate::fault::{Code, IdentityFault};
use crate::limits;

/// Which page is asked for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PageRequest {
    /// `Marker`: what the page before ended with.
    pub marker: Option<String>,
    /// `MaxItems`.
    pub max: Option<i64>,
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What the next one is asked for with; `None` if this is the last.
    pub marker: Option<String>,
}

impl PageRequest {
    /// Cuts a page out of a list. Each element comes with the key that it is found by again; keys
    /// rise.
    pub(super) fn cut<T>(
        &self,
        list: impl Iterator<Item = (String, T)>,
    ) -> Result<Page<T>, IdentityFault> {
        let (after, max) = self.read()?;
        let is_after = |key: &String| after.as_ref().is_none_or(|after| key > after);
        let mut list = list.filter(|(key, _)| is_after(key)).peekable();
        let (mut items, mut last) = (Vec::new(), None);
        while items.len() < max
            && let Some((key, item)) = list.next()
        {
            items.push(item);
            last = Some(key);
        }
        let marker = last.filter(|_| list.peek().is_some()).map(|key| STANDARD.encode(key));
        Ok(Page { items, marker })
    }

    /// The key that the page before ended with, and how many elements there may be.
    fn read(&self) -> Result<(Option<String>, usize), IdentityFault> {
        let mut checks = Checks::default();
        checks.range("maxItems", self.max, 1, limits::PAGE_MAX as i64);
        checks.finish()?;
        let max = self.max.and_then(|max| usize::try_from(max).ok());
        let max = max.unwrap_or(limits::PAGE_DEFAULT);
        let Some(marker) = &self.marker else { return Ok((None, max)) };
        let key = STANDARD.decode(marker).ok().and_then(|key| String::from_utf8(key).ok());
        let key =
            key.ok_or_else(|| IdentityFault::new(Code::ValidationError, "Invalid Marker."))?;
        Ok((Some(key), max))
    }
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(super) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), marker: self.marker }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(count: usize) -> impl Iterator<Item = (String, usize)> {
        (0..count).map(|number| (format!("{number:04}"), number))
    }

    proptest! {
        #[test]
        fn pages_make_up_the_list(count in 0usize..300, max in prop::option::of(1i64..150)) {
            let (mut seen, mut marker) = (Vec::new(), None);
            loop {
                let page = PageRequest { marker, max }.cut(list(count)).unwrap();
                prop_assert!(page.items.len() <= max.unwrap_or(100) as usize);
                seen.extend(page.items);
                marker = page.marker;
                if marker.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }

        #[test]
        fn any_marker_is_looked_at(marker: String) {
            let _ = PageRequest { marker: Some(marker), max: None }.cut(list(3));
        }
    }

    #[test]
    fn bounds_of_a_page() {
        for (max, fits) in [(0, false), (1, true), (1_000, true), (1_001, false), (-1, false)] {
            let page = PageRequest { marker: None, max: Some(max) }.cut(list(1));
            assert_eq!(page.is_ok(), fits, "{max}");
        }
    }
}

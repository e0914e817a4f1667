//! Tags of users, roles and managed policies. Keys of a policy's tags differ by case, those of users
//! and roles do not.

use super::{Checks, Decided, Decider, Output, PageRequest, Pairs, Tagged, seen};
use crate::directory::Writes;
use crate::entry::{EntityKind, SavedPolicy, SavedRole, SavedUser};
use crate::fault::IdentityFault;
use crate::limits;

/// Refuses keys that come twice, in whatever case: of users and roles.
pub(super) fn check_unlike(tags: &[(String, String)]) -> Result<(), IdentityFault> {
    let folded = tags.iter().map(|(key, _)| key.to_lowercase());
    if has_twice(folded.collect()) {
        return Err(IdentityFault::invalid(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    Ok(())
}

/// Refuses keys that come twice: of policies.
pub(super) fn check_distinct(tags: &[(String, String)]) -> Result<(), IdentityFault> {
    if has_twice(tags.iter().map(|(key, _)| key.clone()).collect()) {
        return Err(IdentityFault::invalid("Duplicate tag keys found."));
    }
    Ok(())
}

fn has_twice(mut keys: Vec<String>) -> bool {
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

impl Decider<'_> {
    pub(super) fn tag(&self, tagged: &Tagged, tags: &[(String, String)]) -> Decided {
        let mut checks = Checks::default();
        checks.tags(tags);
        checks.finish()?;
        let folds = !matches!(tagged, Tagged::Policy(_));
        if folds {
            check_unlike(tags)?;
        } else {
            check_distinct(tags)?;
        }
        let mut all = self.tags_of(tagged)?;
        for (key, value) in tags {
            match all.iter_mut().find(|(known, _)| is_same(known, key, folds)) {
                Some(known) => *known = (key.clone(), value.clone()),
                None => all.push((key.clone(), value.clone())),
            }
        }
        if all.len() > limits::TAGS_MAX {
            let what = match tagged {
                Tagged::User(_) => "TagsPerUser",
                Tagged::Role(_) => "TagsPerRole",
                Tagged::Policy(_) => "TagsPerPolicy",
            };
            return Err(IdentityFault::quota(what, limits::TAGS_MAX));
        }
        Ok((self.put_tags(tagged, all)?, Output::Done))
    }

    /// Taking away a tag that is not there changes nothing.
    pub(super) fn untag(&self, tagged: &Tagged, keys: &[String]) -> Decided {
        let mut checks = Checks::default();
        checks.tag_keys(keys);
        checks.finish()?;
        let folds = !matches!(tagged, Tagged::Policy(_));
        let mut all = self.tags_of(tagged)?;
        all.retain(|(key, _)| !keys.iter().any(|gone| is_same(key, gone, folds)));
        Ok((self.put_tags(tagged, all)?, Output::Done))
    }

    pub(super) fn list_tags(&self, tagged: &Tagged, page: &PageRequest) -> Decided {
        let mut tags = match tagged {
            Tagged::Policy(arn) if crate::builtin::find(arn).is_some() => Pairs::new(),
            _ => self.tags_of(tagged)?,
        };
        tags.sort();
        let list = tags.into_iter().map(|(key, value)| (key.clone(), (key, value)));
        seen(Output::Tags(page.cut(list)?))
    }

    fn tags_of(&self, tagged: &Tagged) -> Result<Pairs, IdentityFault> {
        Ok(match tagged {
            Tagged::User(name) => self.user(name)?.1.saved.tags.clone(),
            Tagged::Role(name) => self.role(name)?.1.saved.tags.clone(),
            Tagged::Policy(arn) => self.own_policy(arn)?.1.saved.tags.clone(),
        })
    }

    fn put_tags(&self, tagged: &Tagged, tags: Pairs) -> Result<Writes, IdentityFault> {
        match tagged {
            Tagged::User(name) => {
                let (id, user) = self.user(name)?;
                self.put(EntityKind::User, id, &SavedUser { tags, ..user.saved.clone() })
            }
            Tagged::Role(name) => {
                let (id, role) = self.role(name)?;
                self.put(EntityKind::Role, id, &SavedRole { tags, ..role.saved.clone() })
            }
            Tagged::Policy(arn) => {
                let (id, policy) = self.own_policy(arn)?;
                self.put(EntityKind::Policy, id, &SavedPolicy { tags, ..policy.saved.clone() })
            }
        }
    }
}

fn is_same(one: &str, other: &str, folds: bool) -> bool {
    one == other || (folds && one.to_lowercase() == other.to_lowercase())
}

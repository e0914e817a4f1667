//! All applications and endpoints, in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tidings_core::names::{AccountId, Region, Uuid};
use tidings_core::push_platform::PushPlatform;
use tidings_core::rejection::TopicRejection;
use tidings_seal::Sealer;

use crate::application::{Application, ApplicationPage};
use crate::arn::{ApplicationArn, EndpointArn};
use crate::endpoint::{Endpoint, EndpointPage};
use crate::limits::PAGE;
use crate::room::Room;
use crate::saved::{EntryName, SavedApplication, SavedEndpoint, Write};

/// Applications and endpoints of every account and region.
///
/// What is kept are the entries of a register. [`Platforms::load`] makes the state from them. A change
/// goes through [`Platforms::decide`], which says what to write and changes nothing, and, once that is
/// durable, [`Platforms::apply`]. What a deleted application leaves behind goes the same way, beginning
/// with [`Platforms::sweep`]. Everything else looks.
#[derive(Debug)]
pub struct Platforms {
    pub(crate) sealer: Sealer,
    pub(crate) applications: BTreeMap<ApplicationArn, Arc<Application>>,
    /// By their application's number.
    endpoints: HashMap<u32, Endpoints>,
    /// Numbers of each account's applications.
    numbers: HashMap<AccountId, HashSet<u32>>,
    pub(crate) endpoints_count: usize,
    /// What they take, those included that are to be swept.
    pub(crate) endpoint_bytes: usize,
    pub(crate) room: Room,
    /// Numbers of applications that are gone and whose endpoints are not, or not yet.
    orphaned: Vec<u32>,
    pub(crate) next_number: u32,
}

/// The endpoints of an application.
#[derive(Default, Debug)]
struct Endpoints {
    by_id: BTreeMap<Uuid, Endpoint>,
    by_token: HashMap<TokenDigest, Uuid>,
    bytes: usize,
}

/// Half of a token's SHA-256: nobody can make two tokens have the same.
type TokenDigest = [u8; 16];

/// An entry of the register that cannot be used. The entries after it have not been looked at.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the entry {entry} of the register {problem}")]
pub struct LoadFault {
    /// Its name.
    pub entry: String,
    /// What is wrong with it, in English.
    pub problem: &'static str,
}

const NOT_AN_ENTRY: &str = "is not one of an application or an endpoint";
const DAMAGED: &str = "is damaged";
const NOT_OPENED: &str = "does not open: it is damaged, or sealed under another master key";

impl Platforms {
    /// The state that entries make. `sealer` must be the one that sealed them, and for no other
    /// purpose.
    ///
    /// # Errors
    /// An entry that cannot be used.
    pub fn load<'e>(
        entries: impl IntoIterator<Item = (&'e str, &'e [u8])>,
        sealer: Sealer,
    ) -> Result<Self, LoadFault> {
        let mut platforms = Self {
            sealer,
            applications: BTreeMap::new(),
            endpoints: HashMap::new(),
            numbers: HashMap::new(),
            endpoints_count: 0,
            endpoint_bytes: 0,
            room: Room::default(),
            orphaned: Vec::new(),
            next_number: 0,
        };
        for (entry, value) in entries {
            platforms.put(entry, Some(value))?;
        }
        let numbers = platforms.applications.values().map(|application| application.number);
        let alive: HashSet<u32> = numbers.collect();
        let all = platforms.endpoints.keys().copied();
        platforms.orphaned = all.filter(|number| !alive.contains(number)).collect();
        Ok(platforms)
    }

    /// Makes the state follow writes that are durable.
    ///
    /// # Errors
    /// Not for writes of [`Platforms::decide`] or [`Platforms::sweep`].
    pub fn apply(&mut self, writes: &[Write]) -> Result<(), LoadFault> {
        writes.iter().try_for_each(|(entry, value)| self.put(entry, value.as_deref()))
    }

    fn put(&mut self, entry: &str, value: Option<&[u8]>) -> Result<(), LoadFault> {
        let fault = |problem| LoadFault { entry: entry.to_owned(), problem };
        match EntryName::parse(entry).ok_or_else(|| fault(NOT_AN_ENTRY))? {
            EntryName::Application(arn) => {
                let saved: Option<SavedApplication> = read(value).map_err(fault)?;
                let application = match saved {
                    Some(saved) => {
                        let opened = saved.open(arn.clone(), &self.sealer);
                        Some(opened.ok_or_else(|| fault(NOT_OPENED))?)
                    }
                    None => None,
                };
                self.put_application(arn, application);
            }
            EntryName::Endpoint(number, id) => {
                let saved: Option<SavedEndpoint> = read(value).map_err(fault)?;
                self.put_endpoint(number, id, saved.map(SavedEndpoint::open));
            }
        }
        Ok(())
    }

    fn put_application(&mut self, arn: ApplicationArn, application: Option<Application>) {
        match application {
            Some(application) => {
                self.next_number = self.next_number.max(application.number.saturating_add(1));
                self.numbers.entry(arn.account).or_default().insert(application.number);
                self.applications.insert(arn, Arc::new(application));
            }
            None => {
                let gone = self.applications.remove(&arn);
                let number = gone.map(|application| application.number);
                if let (Some(number), Some(numbers)) = (number, self.numbers.get_mut(&arn.account))
                {
                    numbers.remove(&number);
                }
                if self.applications_of(arn.account) == 0 {
                    self.numbers.remove(&arn.account);
                }
                self.orphaned.extend(number.filter(|number| self.endpoints.contains_key(number)));
            }
        }
    }

    fn put_endpoint(&mut self, number: u32, id: Uuid, endpoint: Option<Endpoint>) {
        self.next_number = self.next_number.max(number.saturating_add(1));
        let endpoints = self.endpoints.entry(number).or_default();
        let digest = endpoint.as_ref().map(|endpoint| digest(&endpoint.token));
        let bytes = endpoint.as_ref().map_or(0, Endpoint::cost);
        let earlier = match endpoint {
            Some(endpoint) => endpoints.by_id.insert(id, endpoint),
            None => endpoints.by_id.remove(&id),
        };
        if let Some(earlier) = &earlier {
            let digest = self::digest(&earlier.token);
            if endpoints.by_token.get(&digest) == Some(&id) {
                endpoints.by_token.remove(&digest);
            }
        }
        endpoints.by_token.extend(digest.map(|digest| (digest, id)));
        let freed = earlier.as_ref().map_or(0, Endpoint::cost);
        endpoints.bytes = endpoints.bytes + bytes - freed;
        self.endpoint_bytes = self.endpoint_bytes + bytes - freed;
        match (earlier.is_some(), digest.is_some()) {
            (false, true) => self.endpoints_count += 1,
            (true, false) => self.endpoints_count -= 1,
            _ => {}
        }
        if endpoints.by_id.is_empty() {
            self.endpoints.remove(&number);
            self.orphaned.retain(|orphaned| *orphaned != number);
        }
    }

    /// An application.
    ///
    /// # Errors
    /// NotFound.
    pub fn application(&self, arn: &ApplicationArn) -> Result<&Arc<Application>, TopicRejection> {
        let none = || TopicRejection::NotFound("PlatformApplication does not exist".into());
        self.applications.get(arn).ok_or_else(none)
    }

    /// An endpoint.
    ///
    /// # Errors
    /// NotFound.
    pub fn endpoint(&self, arn: &EndpointArn) -> Result<&Endpoint, TopicRejection> {
        let application = self.applications.get(&arn.application);
        let endpoint = application.and_then(|application| self.of(application)?.by_id.get(&arn.id));
        endpoint.ok_or_else(|| TopicRejection::NotFound("Endpoint does not exist".into()))
    }

    /// The endpoint of an application that has this token.
    pub fn endpoint_by_token(&self, application: &Application, token: &str) -> Option<Uuid> {
        self.of(application)?.by_token.get(&digest(token)).copied()
    }

    /// Applications of an account in a region, by platform and name, after one of these if there is
    /// one.
    pub fn list_applications(
        &self,
        account: AccountId,
        region: &Region,
        after: Option<&ApplicationArn>,
    ) -> ApplicationPage {
        let mut page: Vec<_> =
            self.of_scope(account, region, after).take(PAGE + 1).cloned().collect();
        let more = page.len() > PAGE;
        page.truncate(PAGE);
        ApplicationPage { applications: page, more }
    }

    /// Endpoints of an application, by id, after one of them if it is given.
    pub fn list_endpoints(&self, application: &Application, after: Option<Uuid>) -> EndpointPage {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let endpoints = self.of(application).into_iter();
        let endpoints = endpoints.flat_map(|all| all.by_id.range((from, Bound::Unbounded)));
        let mut page: Vec<_> =
            endpoints.take(PAGE + 1).map(|(id, endpoint)| (*id, endpoint.clone())).collect();
        let more = page.len() > PAGE;
        page.truncate(PAGE);
        EndpointPage { endpoints: page, more }
    }

    /// Writes that remove some of the endpoints whose applications are gone; none if there are none.
    pub fn sweep(&self) -> Vec<Write> {
        let Some(&number) = self.orphaned.first() else { return Vec::new() };
        let endpoints = self.endpoints.get(&number).into_iter();
        let ids = endpoints.flat_map(|all| all.by_id.keys()).take(PAGE);
        ids.map(|id| EntryName::Endpoint(number, *id).remove()).collect()
    }

    /// Applications of an account in a region, after one of these.
    fn of_scope(
        &self,
        account: AccountId,
        region: &Region,
        after: Option<&ApplicationArn>,
    ) -> impl Iterator<Item = &Arc<Application>> {
        let first = || ApplicationArn::new(account, region.clone(), PushPlatform::ALL[0], "-");
        let from = match after {
            Some(after) => Bound::Excluded(after.clone()),
            // The least name that there is.
            None => first().map_or(Bound::Unbounded, Bound::Included),
        };
        let all = self.applications.range((from, Bound::Unbounded));
        let is_here = move |arn: &ApplicationArn| arn.account == account && arn.region == *region;
        all.take_while(move |(arn, _)| is_here(arn)).map(|(_, application)| application)
    }

    /// How many applications an account has.
    pub(crate) fn applications_of(&self, account: AccountId) -> usize {
        self.numbers.get(&account).map_or(0, HashSet::len)
    }

    /// What an account's endpoints take.
    pub(crate) fn bytes_of(&self, account: AccountId) -> usize {
        let numbers = self.numbers.get(&account).into_iter().flatten();
        numbers.filter_map(|number| Some(self.endpoints.get(number)?.bytes)).sum()
    }

    fn of(&self, application: &Application) -> Option<&Endpoints> {
        self.endpoints.get(&application.number)
    }
}

fn digest(token: &str) -> TokenDigest {
    let digest = Sha256::digest(token.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

fn read<T: DeserializeOwned>(value: Option<&[u8]>) -> Result<Option<T>, &'static str> {
    value.map(serde_json::from_slice).transpose().map_err(|_| DAMAGED)
}

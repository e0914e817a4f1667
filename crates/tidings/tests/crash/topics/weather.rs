//! Brings web endpoints into trouble, and out of it.

use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Endpoint;
use crate::clerk::{Clerk, Cut};
use crate::random::Random;
use crate::workers::Worker;

pub(crate) struct Weather {
    endpoints: Arc<[Endpoint]>,
}

impl Weather {
    pub(crate) fn new(endpoints: &Arc<[Endpoint]>) -> Self {
        Self { endpoints: Arc::clone(endpoints) }
    }
}

impl Worker for Weather {
    /// Does not need the server, which may go meanwhile.
    fn step(&mut self, _: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        std::thread::sleep(Duration::from_millis(random.between(1, 100) as u64));
        let endpoint = random.pick(&self.endpoints);
        if endpoint.is_moody() {
            endpoint.set_in_trouble(random.percent(60));
        }
        Ok(())
    }
}

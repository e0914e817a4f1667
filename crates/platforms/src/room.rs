//! How much memory endpoints take, and may take.

use tidings_core::names::AccountId;

use crate::endpoint::Endpoint;
use crate::limits::{
    ACCOUNT_ENDPOINT_BYTES_MAX, ENDPOINT_BYTES, ENDPOINT_BYTES_MAX, ENDPOINTS_MAX,
};
use crate::platforms::Platforms;

/// Bytes that endpoints may take.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) of_server: usize,
    pub(crate) of_account: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { of_server: ENDPOINT_BYTES_MAX, of_account: ACCOUNT_ENDPOINT_BYTES_MAX }
    }
}

impl Endpoint {
    /// Bytes that it takes, about: its texts are here and in the register.
    pub(crate) fn cost(&self) -> usize {
        let ids = self.baidu.as_deref();
        let ids = ids.map_or(0, |ids| ids.channel_id.len() + ids.user_id.len());
        ENDPOINT_BYTES + 2 * (self.token.len() + self.user_data.len() + ids)
    }
}

impl Platforms {
    /// Whether an account's endpoint has room, in the place of the earlier one if there is one. What
    /// takes no more than before always has.
    ///
    /// # Errors
    /// Why it has none, in English.
    pub(crate) fn check_room(
        &self,
        account: AccountId,
        earlier: Option<&Endpoint>,
        endpoint: &Endpoint,
    ) -> Result<(), String> {
        if earlier.is_none() && self.endpoints_count >= ENDPOINTS_MAX {
            return Err(format!("this server may have {ENDPOINTS_MAX} endpoints"));
        }
        let more = endpoint.cost().saturating_sub(earlier.map_or(0, Endpoint::cost));
        let Room { of_server, of_account } = self.room;
        if more > 0 && self.bytes_of(account) + more > of_account {
            return Err(format!("the endpoints of an account may take {of_account} bytes"));
        }
        if more > 0 && self.endpoint_bytes + more > of_server {
            return Err(format!("the endpoints of this server may take {of_server} bytes"));
        }
        Ok(())
    }
}

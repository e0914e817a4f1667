//! What comes from the gateway: receipts, and phones that want no more messages.

use std::sync::Arc;

use tidings_couriers::{OptOut, SmsEvent, SmsNotice};
use tokio::sync::mpsc::Receiver;
use tracing::{debug, info, warn};

use super::service::Sms;

/// Keeps what comes, until nothing can come any more. The gateway is answered once an opt-out is
/// durable; one that cannot be kept it is to tell again.
pub(crate) async fn hear(sms: Arc<Sms>, mut notices: Receiver<SmsNotice>) {
    while let Some(notice) = notices.recv().await {
        let is_kept = match notice.event() {
            SmsEvent::OptOut(opt_out) => keep(&sms, opt_out).await,
            SmsEvent::Receipt(receipt) => {
                let is_known = sms.sent.tell(receipt, sms.plane.broker().now());
                let (id, state) = (receipt.message_id.as_deref(), receipt.state.as_str());
                debug!(id, state, gateway_id = receipt.gateway_id, is_known, "a receipt");
                true
            }
        };
        if is_kept {
            notice.kept();
        }
    }
}

async fn keep(sms: &Sms, opt_out: &OptOut) -> bool {
    let OptOut { number, word, to } = opt_out;
    if !number.is_international() {
        // Messages go to numbers with their country: nobody knows which of them it is.
        warn!(?number, word, "a phone opts out by a number without its country: it cannot be kept");
        return true;
    }
    let now_ms = sms.plane.broker().now().as_ms();
    let kept = sms.plane.change(|store| Ok((store.opt_out(number, now_ms)?, ())));
    match kept.await {
        Ok(()) => {
            info!(?number, word, to, "a phone opted out of text messages");
            true
        }
        Err(fault) => {
            let fault: crate::plane::ChangeFault<super::opt_outs::Full> = fault;
            warn!(?number, ?fault, "an opt-out cannot be kept: the gateway is to tell it again");
            false
        }
    }
}

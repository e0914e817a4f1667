//! What the push services speak.

use tidings_core::push_platform::PushPlatform;

/// What a service speaks.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Family {
    Apns,
    Fcm,
    Adm,
    /// Nothing can be delivered there.
    Gone,
}

impl Family {
    /// What a platform speaks.
    pub(super) fn of(platform: PushPlatform) -> Family {
        match platform {
            PushPlatform::Apns
            | PushPlatform::ApnsSandbox
            | PushPlatform::ApnsVoip
            | PushPlatform::ApnsVoipSandbox
            | PushPlatform::Macos
            | PushPlatform::MacosSandbox => Family::Apns,
            PushPlatform::Gcm => Family::Fcm,
            PushPlatform::Adm => Family::Adm,
            PushPlatform::Baidu | PushPlatform::Mpns | PushPlatform::Wns => Family::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_cannot_be_delivered_to() {
        for platform in PushPlatform::ALL {
            let family = Family::of(platform);
            assert_eq!(family == Family::Gone, !platform.can_deliver());
            assert_eq!(family == Family::Apns, platform.is_apple());
        }
    }
}

//! The push services, as platform applications name them.

use std::fmt;

use tidings_core::limits::{
    ADM_PAYLOAD_BYTES_MAX, APNS_PAYLOAD_BYTES_MAX, APNS_VOIP_PAYLOAD_BYTES_MAX,
    FCM_PAYLOAD_BYTES_MAX, OTHER_PUSH_PAYLOAD_BYTES_MAX,
};

/// A push service: `Platform` of CreatePlatformApplication.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PushPlatform {
    /// Apple Push Notification service.
    Apns,
    /// Its sandbox, for apps under development.
    ApnsSandbox,
    /// Incoming calls over APNs.
    ApnsVoip,
    /// The same in the sandbox.
    ApnsVoipSandbox,
    /// APNs to Macs.
    Macos,
    /// The same in the sandbox.
    MacosSandbox,
    /// Firebase Cloud Messaging, which was Google Cloud Messaging.
    Gcm,
    /// Amazon Device Messaging.
    Adm,
    /// Baidu Cloud Push. Cannot be delivered to.
    Baidu,
    /// Microsoft's service for Windows Phone. Cannot be delivered to.
    Mpns,
    /// Microsoft's service for Windows. Cannot be delivered to.
    Wns,
}

/// What a service speaks.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Family {
    Apns,
    Fcm,
    Adm,
    /// A service that was shut down, or that nobody offers to new customers.
    Gone,
}

impl PushPlatform {
    /// All of them, in the order of the enumeration.
    pub const ALL: [PushPlatform; 11] = [
        PushPlatform::Apns,
        PushPlatform::ApnsSandbox,
        PushPlatform::ApnsVoip,
        PushPlatform::ApnsVoipSandbox,
        PushPlatform::Macos,
        PushPlatform::MacosSandbox,
        PushPlatform::Gcm,
        PushPlatform::Adm,
        PushPlatform::Baidu,
        PushPlatform::Mpns,
        PushPlatform::Wns,
    ];

    /// The platform of a name, as `Platform` and ARNs have it. Names are in capitals.
    #[must_use]
    pub fn parse(name: &str) -> Option<PushPlatform> {
        PushPlatform::ALL.into_iter().find(|platform| platform.as_str() == name)
    }

    /// The name: in ARNs, in messages with MessageStructure `json`, in `AWS.SNS.MOBILE.…` attributes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PushPlatform::Apns => "APNS",
            PushPlatform::ApnsSandbox => "APNS_SANDBOX",
            PushPlatform::ApnsVoip => "APNS_VOIP",
            PushPlatform::ApnsVoipSandbox => "APNS_VOIP_SANDBOX",
            PushPlatform::Macos => "MACOS",
            PushPlatform::MacosSandbox => "MACOS_SANDBOX",
            PushPlatform::Gcm => "GCM",
            PushPlatform::Adm => "ADM",
            PushPlatform::Baidu => "BAIDU",
            PushPlatform::Mpns => "MPNS",
            PushPlatform::Wns => "WNS",
        }
    }

    /// Whether messages can be delivered. Of the others the API is kept.
    #[must_use]
    pub fn can_deliver(self) -> bool {
        self.family() != Family::Gone
    }

    /// Whether it is one of Apple's: its tokens are hexadecimal, and SNS keeps them in lower case.
    #[must_use]
    pub fn is_apple(self) -> bool {
        self.family() == Family::Apns
    }

    /// Bytes that a payload may have. Developer guide of SNS, "Amazon SNS mobile push", and the
    /// guides of the services.
    #[must_use]
    pub fn payload_bytes_max(self) -> usize {
        match self {
            PushPlatform::ApnsVoip | PushPlatform::ApnsVoipSandbox => APNS_VOIP_PAYLOAD_BYTES_MAX,
            PushPlatform::Apns
            | PushPlatform::ApnsSandbox
            | PushPlatform::Macos
            | PushPlatform::MacosSandbox => APNS_PAYLOAD_BYTES_MAX,
            PushPlatform::Gcm => FCM_PAYLOAD_BYTES_MAX,
            PushPlatform::Adm => ADM_PAYLOAD_BYTES_MAX,
            PushPlatform::Baidu | PushPlatform::Mpns | PushPlatform::Wns => {
                OTHER_PUSH_PAYLOAD_BYTES_MAX
            }
        }
    }

    /// What it speaks.
    pub(super) fn family(self) -> Family {
        match self {
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

    /// Whether it is Apple's sandbox.
    pub(super) fn is_sandbox(self) -> bool {
        matches!(
            self,
            PushPlatform::ApnsSandbox | PushPlatform::ApnsVoipSandbox | PushPlatform::MacosSandbox
        )
    }

    /// Whether what goes there is an incoming call.
    pub(super) fn is_voip(self) -> bool {
        matches!(self, PushPlatform::ApnsVoip | PushPlatform::ApnsVoipSandbox)
    }
}

impl fmt::Display for PushPlatform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for platform in PushPlatform::ALL {
            assert_eq!(PushPlatform::parse(platform.as_str()), Some(platform));
            assert_eq!(
                platform.is_apple(),
                platform.as_str().contains("APNS") || platform.as_str().contains("MACOS")
            );
        }
        for name in ["", "apns", "FCM", "APNS ", "WEBPUSH"] {
            assert_eq!(PushPlatform::parse(name), None, "{name}");
        }
    }

    #[test]
    fn three_cannot_be_delivered_to() {
        let gone: Vec<_> = PushPlatform::ALL.into_iter().filter(|it| !it.can_deliver()).collect();
        assert_eq!(gone, [PushPlatform::Baidu, PushPlatform::Mpns, PushPlatform::Wns]);
    }
}

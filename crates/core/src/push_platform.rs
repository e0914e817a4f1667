//! The services of mobile push, as SNS names them.

use std::fmt;

use crate::limits::{
    ADM_PAYLOAD_BYTES_MAX, APNS_PAYLOAD_BYTES_MAX, APNS_VOIP_PAYLOAD_BYTES_MAX,
    FCM_PAYLOAD_BYTES_MAX, OTHER_PUSH_PAYLOAD_BYTES_MAX,
};

/// A push service: `Platform` of CreatePlatformApplication, and a part of ARNs. Ordered by name.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PushPlatform {
    /// Amazon Device Messaging.
    Adm,
    /// Apple Push Notification service.
    Apns,
    /// Its sandbox, for apps under development.
    ApnsSandbox,
    /// Incoming calls over APNs.
    ApnsVoip,
    /// The same in the sandbox.
    ApnsVoipSandbox,
    /// Baidu Cloud Push. Cannot be delivered to.
    Baidu,
    /// Firebase Cloud Messaging, which was Google Cloud Messaging.
    Gcm,
    /// APNs to Macs.
    Macos,
    /// The same in the sandbox.
    MacosSandbox,
    /// Microsoft's service for Windows Phone. Cannot be delivered to.
    Mpns,
    /// Microsoft's service for Windows. Cannot be delivered to.
    Wns,
}

impl PushPlatform {
    /// All of them, by name.
    pub const ALL: [Self; 11] = [
        Self::Adm,
        Self::Apns,
        Self::ApnsSandbox,
        Self::ApnsVoip,
        Self::ApnsVoipSandbox,
        Self::Baidu,
        Self::Gcm,
        Self::Macos,
        Self::MacosSandbox,
        Self::Mpns,
        Self::Wns,
    ];

    /// The platform of a name; upper and lower case matter.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == name)
    }

    /// The name: in ARNs, in messages with MessageStructure `json`, in `AWS.SNS.MOBILE.…` attributes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adm => "ADM",
            Self::Apns => "APNS",
            Self::ApnsSandbox => "APNS_SANDBOX",
            Self::ApnsVoip => "APNS_VOIP",
            Self::ApnsVoipSandbox => "APNS_VOIP_SANDBOX",
            Self::Baidu => "BAIDU",
            Self::Gcm => "GCM",
            Self::Macos => "MACOS",
            Self::MacosSandbox => "MACOS_SANDBOX",
            Self::Mpns => "MPNS",
            Self::Wns => "WNS",
        }
    }

    /// Whether messages can be delivered. The others were shut down, or nobody offers them to new
    /// customers: of them the API is kept.
    pub fn can_deliver(self) -> bool {
        !matches!(self, Self::Baidu | Self::Mpns | Self::Wns)
    }

    /// Whether it is one of Apple's, whose tokens are hexadecimal digits.
    pub fn is_apple(self) -> bool {
        use PushPlatform::{Apns, ApnsSandbox, ApnsVoip, ApnsVoipSandbox, Macos, MacosSandbox};
        matches!(self, Apns | ApnsSandbox | ApnsVoip | ApnsVoipSandbox | Macos | MacosSandbox)
    }

    /// Whether what goes there is an incoming call.
    pub fn is_voip(self) -> bool {
        matches!(self, Self::ApnsVoip | Self::ApnsVoipSandbox)
    }

    /// Whether it is Apple's sandbox.
    pub fn is_sandbox(self) -> bool {
        matches!(self, Self::ApnsSandbox | Self::ApnsVoipSandbox | Self::MacosSandbox)
    }

    /// Bytes that a payload may have. Developer guide of SNS, "Amazon SNS mobile push", and the
    /// guides of the services.
    pub fn payload_bytes_max(self) -> usize {
        match self {
            Self::ApnsVoip | Self::ApnsVoipSandbox => APNS_VOIP_PAYLOAD_BYTES_MAX,
            Self::Apns | Self::ApnsSandbox | Self::Macos | Self::MacosSandbox => {
                APNS_PAYLOAD_BYTES_MAX
            }
            Self::Gcm => FCM_PAYLOAD_BYTES_MAX,
            Self::Adm => ADM_PAYLOAD_BYTES_MAX,
            Self::Baidu | Self::Mpns | Self::Wns => OTHER_PUSH_PAYLOAD_BYTES_MAX,
        }
    }
}

impl fmt::Display for PushPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_are_in_order() {
        for platform in PushPlatform::ALL {
            let name = platform.as_str();
            assert_eq!(PushPlatform::parse(name), Some(platform));
            assert_eq!(platform.is_apple(), name.contains("APNS") || name.contains("MACOS"));
            assert_eq!(platform.is_sandbox(), name.ends_with("_SANDBOX"));
            assert_eq!(platform.is_voip(), name.contains("VOIP"));
        }
        for name in ["", "apns", "FCM", "APNS ", "WEBPUSH"] {
            assert_eq!(PushPlatform::parse(name), None, "{name}");
        }
        assert!(PushPlatform::ALL.is_sorted());
        assert!(PushPlatform::ALL.is_sorted_by_key(|platform| platform.as_str()));
    }

    #[test]
    fn three_cannot_be_delivered_to() {
        let gone: Vec<_> = PushPlatform::ALL.into_iter().filter(|it| !it.can_deliver()).collect();
        assert_eq!(gone, [PushPlatform::Baidu, PushPlatform::Mpns, PushPlatform::Wns]);
    }
}

//! The services that platform applications are for.

/// A push service. `Platform` of CreatePlatformApplication, and a part of ARNs.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "each is the documented platform of its name")]
pub enum Platform {
    Adm,
    Apns,
    ApnsSandbox,
    ApnsVoip,
    ApnsVoipSandbox,
    Baidu,
    Gcm,
    Macos,
    MacosSandbox,
    Mpns,
    Wns,
}

impl Platform {
    /// Every platform, by name.
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

    /// The platform of this name; upper and lower case matter.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == name)
    }

    /// The platform's name.
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

    /// Whether it is one of Apple's, whose tokens are hexadecimal digits.
    pub fn is_apple(self) -> bool {
        matches!(
            self,
            Self::Apns
                | Self::ApnsSandbox
                | Self::ApnsVoip
                | Self::ApnsVoipSandbox
                | Self::Macos
                | Self::MacosSandbox
        )
    }

    /// Whether its credentials have a principal. FCM's have none, and those of MPNS need none.
    pub(crate) fn has_principal(self) -> bool {
        !matches!(self, Self::Gcm | Self::Mpns)
    }

    /// Whether it takes messages without credentials: MPNS does, from anybody.
    pub(crate) fn needs_credentials(self) -> bool {
        self != Self::Mpns
    }
}

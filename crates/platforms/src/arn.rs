//! What applications and endpoints are known by.

use std::fmt;

use tidings_core::names::{AccountId, Region, SubscriptionProtocol, TopicArn, Uuid};
use tidings_core::push_platform::PushPlatform;

use crate::limits::NAME_CHARS_MAX;

/// A platform application: `arn:aws:sns:REGION:ACCOUNT:app/PLATFORM/NAME`. Ordered by account and
/// region, so that those of one lie together and are listed by platform and name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ApplicationArn {
    /// Who owns it.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
    /// The push service that it is for.
    pub platform: PushPlatform,
    name: Box<str>,
}

impl ApplicationArn {
    /// The application of this name, if it can be one: 1 to 256 letters, digits, underscores, hyphens
    /// and dots.
    pub fn new(
        account: AccountId,
        region: Region,
        platform: PushPlatform,
        name: &str,
    ) -> Option<Self> {
        is_name(name).then(|| Self { account, region, platform, name: name.into() })
    }

    /// Reads an ARN. The partition must be the region's.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, region, resource) = of_sns(text)?;
        let [platform, name] = parts(resource, "app/")?;
        Self::new(account, region, PushPlatform::parse(platform)?, name)
    }

    /// The name alone, unique within account, region and platform.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where messages wait that are for one of its endpoints alone.
    pub fn outbox(&self) -> TopicArn {
        let (account, region) = (self.account, self.region.clone());
        let name = format!("{}/{}", self.platform.as_str(), self.name);
        TopicArn::direct(account, region, SubscriptionProtocol::Application, &name)
    }

    fn resource(&self, f: &mut fmt::Formatter<'_>, kind: &str) -> fmt::Result {
        let Self { account, region, platform, name } = self;
        let (partition, region, platform) =
            (region.partition(), region.as_str(), platform.as_str());
        write!(f, "arn:{partition}:sns:{region}:{account}:{kind}/{platform}/{name}")
    }
}

impl fmt::Display for ApplicationArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.resource(f, "app")
    }
}

/// An endpoint of an application: `arn:aws:sns:REGION:ACCOUNT:endpoint/PLATFORM/NAME/UUID`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EndpointArn {
    /// Whose endpoint it is.
    pub application: ApplicationArn,
    /// Which one.
    pub id: Uuid,
}

impl EndpointArn {
    /// Reads an ARN. The partition must be the region's.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, region, resource) = of_sns(text)?;
        let [platform, name, id] = parts(resource, "endpoint/")?;
        let application =
            ApplicationArn::new(account, region, PushPlatform::parse(platform)?, name)?;
        Some(Self { application, id: Uuid::parse(id)? })
    }
}

impl fmt::Display for EndpointArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.application.resource(f, "endpoint")?;
        write!(f, "/{}", self.id)
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_name_byte)
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

fn of_sns(text: &str) -> Option<(AccountId, Region, &str)> {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "sns", region, account, resource] = parts[..] else { return None };
    let region = Region::parse(region)?;
    (partition == region.partition()).then_some(())?;
    Some((AccountId::parse(account)?, region, resource))
}

/// What follows the kind, if it has so many parts between slashes.
fn parts<'a, const N: usize>(resource: &'a str, kind: &str) -> Option<[&'a str; N]> {
    let parts: Vec<&str> = resource.strip_prefix(kind)?.split('/').collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_read_back() {
        let application = "arn:aws:sns:eu-west-1:000000000042:app/APNS_SANDBOX/my.Hotel-app_1";
        let parsed = ApplicationArn::parse(application).unwrap();
        assert_eq!((parsed.to_string().as_str(), parsed.name()), (application, "my.Hotel-app_1"));
        let endpoint = "arn:aws-cn:sns:cn-north-1:000000000042:endpoint/GCM/hotel/\
                        6b0e71bd-7e97-4d97-80ce-4a0994e55286";
        assert_eq!(EndpointArn::parse(endpoint).unwrap().to_string(), endpoint);
        assert_eq!(EndpointArn::parse(application), None);
        assert_eq!(ApplicationArn::parse(endpoint), None);
        for resource in
            ["app/GCM", "app/GCM/", "app/GCM/a/b", "app/FCM/a", "app/GCM/a b", "GCM/a", "app:GCM:a"]
        {
            let arn = format!("arn:aws:sns:eu-west-1:000000000042:{resource}");
            assert_eq!(ApplicationArn::parse(&arn), None, "{arn}");
        }
        for prefix in
            ["arn:aws:sqs:eu-west-1:000000000042", "arn:aws:sns:cn-north-1:000000000042", "a:b:c"]
        {
            assert_eq!(ApplicationArn::parse(&format!("{prefix}:app/GCM/hotel")), None, "{prefix}");
        }
        let long =
            |length| format!("arn:aws:sns:eu-west-1:000000000042:app/GCM/{}", "a".repeat(length));
        assert!(ApplicationArn::parse(&long(256)).is_some());
        assert!(ApplicationArn::parse(&long(257)).is_none());
    }
}

//! Delivery policies as JSON.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    BackoffFunction, ENVELOPE_CONTENT_TYPES, RAW_CONTENT_TYPES, RetryPolicy,
    SubscriptionDeliveryPolicy, TopicDeliveryPolicy, media_type,
};
use crate::attribute_fault::AttributeFault;
use crate::limits;

impl TopicDeliveryPolicy {
    /// Reads the attribute's value.
    pub(crate) fn parse(json: &str) -> Result<Self, AttributeFault> {
        let document = read(json)?;
        let root = Section::root(&document, &["http"])?;
        let sections = [
            "defaultHealthyRetryPolicy",
            "disableSubscriptionOverrides",
            "defaultThrottlePolicy",
            "defaultRequestPolicy",
        ];
        let Some(http) = root.section("http", &sections)? else {
            return Ok(Self::default());
        };
        Ok(Self {
            retry: retry_policy(&http, "defaultHealthyRetryPolicy")?,
            disable_subscription_overrides: http.flag("disableSubscriptionOverrides")?,
            max_receives_per_second: throttle(&http, "defaultThrottlePolicy")?,
            content_type: content_type(&http, "defaultRequestPolicy", true)?,
        })
    }

    /// The attribute as it is shown: in the service's order, without what was not given.
    pub(crate) fn to_json(&self) -> String {
        let mut http = Map::new();
        if let Some(retry) = &self.retry {
            http.insert("defaultHealthyRetryPolicy".into(), retry.to_value());
        }
        if let Some(disable) = self.disable_subscription_overrides {
            http.insert("disableSubscriptionOverrides".into(), disable.into());
        }
        if let Some(rate) = self.max_receives_per_second {
            http.insert("defaultThrottlePolicy".into(), json!({ "maxReceivesPerSecond": rate }));
        }
        if let Some(content_type) = self.content_type.as_deref() {
            let request = json!({ "headerContentType": content_type });
            http.insert("defaultRequestPolicy".into(), request);
        }
        json!({ "http": http }).to_string()
    }
}

impl SubscriptionDeliveryPolicy {
    /// Reads the attribute's value. `raw` is whether the subscription has its messages without
    /// their envelope, which more content types go with.
    pub(crate) fn parse(json: &str, raw: bool) -> Result<Self, AttributeFault> {
        let document = read(json)?;
        let sections = [
            "healthyRetryPolicy",
            "sicklyRetryPolicy",
            "throttlePolicy",
            "requestPolicy",
            "guaranteed",
        ];
        let root = Section::root(&document, &sections)?;
        Ok(Self {
            retry: retry_policy(&root, "healthyRetryPolicy")?,
            sickly_retry: retry_policy(&root, "sicklyRetryPolicy")?,
            max_receives_per_second: throttle(&root, "throttlePolicy")?,
            content_type: content_type(&root, "requestPolicy", raw)?,
            guaranteed: root.flag("guaranteed")?.unwrap_or_default(),
        })
    }

    /// The attribute as it is shown: in the service's order, null for a section that was not given.
    pub(crate) fn to_json(&self) -> String {
        let rate = self.max_receives_per_second;
        let content_type = self.content_type.as_deref();
        json!({
            "healthyRetryPolicy": self.retry.map(RetryPolicy::to_value),
            "sicklyRetryPolicy": self.sickly_retry.map(RetryPolicy::to_value),
            "throttlePolicy": rate.map(|rate| json!({ "maxReceivesPerSecond": rate })),
            "requestPolicy": content_type.map(|text| json!({ "headerContentType": text })),
            "guaranteed": self.guaranteed,
        })
        .to_string()
    }
}

impl RetryPolicy {
    pub(super) fn to_value(self) -> Value {
        let mut members = Map::new();
        let numbers = [
            ("minDelayTarget", Some(self.min_delay)),
            ("maxDelayTarget", Some(self.max_delay)),
            ("numRetries", Some(self.retries)),
            ("numMaxDelayRetries", self.max_delay_retries),
            ("numNoDelayRetries", self.no_delay_retries),
            ("numMinDelayRetries", self.min_delay_retries),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                members.insert(name.into(), number.into());
            }
        }
        if let Some(backoff) = self.backoff {
            members.insert("backoffFunction".into(), backoff.as_str().into());
        }
        members.into()
    }
}

fn read(json: &str) -> Result<Value, AttributeFault> {
    serde_json::from_str(json).map_err(|error| fault(format_args!("failed to parse JSON. {error}")))
}

fn retry_policy(
    parent: &Section<'_>,
    name: &'static str,
) -> Result<Option<RetryPolicy>, AttributeFault> {
    let members = [
        "minDelayTarget",
        "maxDelayTarget",
        "numRetries",
        "numMaxDelayRetries",
        "numNoDelayRetries",
        "numMinDelayRetries",
        "backoffFunction",
    ];
    let Some(section) = parent.section(name, &members)? else {
        return Ok(None);
    };
    let policy = RetryPolicy {
        // The guide has examples without them, which the service refuses.
        min_delay: section.required("minDelayTarget", limits::RETRY_DELAY_SECONDS)?,
        max_delay: section.required("maxDelayTarget", limits::RETRY_DELAY_SECONDS)?,
        retries: section.required("numRetries", limits::RETRIES)?,
        max_delay_retries: section.number("numMaxDelayRetries", limits::RETRIES)?,
        no_delay_retries: section.number("numNoDelayRetries", limits::RETRIES)?,
        min_delay_retries: section.number("numMinDelayRetries", limits::RETRIES)?,
        backoff: backoff(&section)?,
    };
    match policy.contradiction() {
        Some(text) => Err(fault(format_args!("{}.{text}", section.path))),
        None => Ok(Some(policy)),
    }
}

fn backoff(section: &Section<'_>) -> Result<Option<BackoffFunction>, AttributeFault> {
    let Some(text) = section.text("backoffFunction")? else {
        return Ok(None);
    };
    let found = BackoffFunction::ALL.into_iter().find(|function| function.as_str() == text);
    let path = section.path_of("backoffFunction");
    let must = "must be one of linear, arithmetic, geometric, exponential";
    found.map(Some).ok_or_else(|| fault(format_args!("{path} {must}")))
}

fn throttle(parent: &Section<'_>, name: &'static str) -> Result<Option<u32>, AttributeFault> {
    let Some(section) = parent.section(name, &["maxReceivesPerSecond"])? else {
        return Ok(None);
    };
    section.number("maxReceivesPerSecond", limits::MAX_RECEIVES_PER_SECOND)
}

fn content_type(
    parent: &Section<'_>,
    name: &'static str,
    raw: bool,
) -> Result<Option<Arc<str>>, AttributeFault> {
    let Some(section) = parent.section(name, &["headerContentType"])? else {
        return Ok(None);
    };
    let Some(text) = section.text("headerContentType")? else {
        return Ok(None);
    };
    let media_type = media_type(text);
    if ENVELOPE_CONTENT_TYPES.contains(&media_type)
        || raw && RAW_CONTENT_TYPES.contains(&media_type)
    {
        return Ok(Some(text.into()));
    }
    let path = section.path_of("headerContentType");
    Err(fault(format_args!("{path} [{text}] is not a supported content type")))
}

/// An object of the policy, and the names that lead to it.
struct Section<'a> {
    path: String,
    members: &'a Map<String, Value>,
}

impl<'a> Section<'a> {
    fn root(document: &'a Value, known: &[&str]) -> Result<Self, AttributeFault> {
        Self::new(String::new(), document, known)
    }

    fn new(path: String, value: &'a Value, known: &[&str]) -> Result<Self, AttributeFault> {
        let Value::Object(members) = value else {
            let what = if path.is_empty() { "policy" } else { &path };
            return Err(fault(format_args!("{what} must be a JSON object")));
        };
        let section = Self { path, members };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let path = section.path_of(name);
                Err(fault(format_args!("Unexpected JSON member: {path}")))
            }
            None => Ok(section),
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A member. Null is as good as none.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn section(&self, name: &str, known: &[&str]) -> Result<Option<Self>, AttributeFault> {
        self.get(name).map(|value| Self::new(self.path_of(name), value, known)).transpose()
    }

    fn required(&self, name: &str, range: RangeInclusive<u32>) -> Result<u32, AttributeFault> {
        self.number(name, range)?
            .ok_or_else(|| fault(format_args!("{} must be specified", self.path_of(name))))
    }

    fn number(
        &self,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, AttributeFault> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let path = self.path_of(name);
        // What is greater still is too large as well.
        let number = value.as_i64().or(value.is_u64().then_some(i64::MAX));
        let number = number.ok_or_else(|| fault(format_args!("{path} must be an integer")))?;
        let (least, most) = (*range.start(), *range.end());
        match u32::try_from(number) {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ if number < i64::from(least) => {
                Err(fault(format_args!("{path} must be greater than or equal to {least}")))
            }
            _ => Err(fault(format_args!("{path} must be less than or equal to {most}"))),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, AttributeFault> {
        let wrong = || fault(format_args!("{} must be true or false", self.path_of(name)));
        self.get(name).map(|value| value.as_bool().ok_or_else(wrong)).transpose()
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, AttributeFault> {
        let wrong = || fault(format_args!("{} must be a string", self.path_of(name)));
        self.get(name).map(|value| value.as_str().ok_or_else(wrong)).transpose()
    }
}

/// The service's words for ranges, for missing and for unknown members are known from reports of
/// its users, the others are ours.
fn fault(text: impl std::fmt::Display) -> AttributeFault {
    AttributeFault::value(format_args!("DeliveryPolicy: {text}"))
}

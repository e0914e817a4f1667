//! Whatever is asked, the state is that of its entries, and tokens are known by whoever has them.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const NAMES: &[&str] = &["GCM/a", "GCM/b", "APNS/a"];
const TOKENS: &[&str] = &["ab", "AB", "cd", "", "xy"];
const ATTRIBUTES: &[&str] =
    &["Enabled", "Token", "CustomUserData", "PlatformCredential", "PlatformPrincipal", "x"];
const VALUES: &[&str] = &["", "true", "false", "ab", "cd", "bad"];

fn change() -> impl Strategy<Value = (u8, &'static str, &'static str, Vec<(String, String)>)> {
    let owned = |text: &&'static str| (*text).to_owned();
    let pair = (select(ATTRIBUTES), select(VALUES)).prop_map(move |(n, v)| (owned(&n), owned(&v)));
    (0u8..9, select(NAMES), select(TOKENS), prop::collection::vec(pair, 0..3))
}

proptest! {
    #[test]
    fn the_state_is_that_of_its_entries(changes in prop::collection::vec(change(), 0..60)) {
        let mut world = World::new();
        let mut endpoints: Vec<EndpointArn> = Vec::new();
        for (kind, name, token, pairs) in changes {
            let (application, attributes) = (application(name), Attributes::from(pairs));
            let endpoint = endpoints.last().cloned();
            let token = token.to_owned();
            let change = match (kind, endpoint) {
                (0, _) => Change::CreateApplication { application, attributes },
                (1, _) => Change::SetApplicationAttributes { application, attributes },
                (2, _) => Change::DeleteApplication { application },
                (3, Some(endpoint)) => Change::SetEndpointAttributes { endpoint, attributes },
                (4, Some(endpoint)) => Change::DeleteEndpoint { endpoint },
                (5, Some(endpoint)) => Change::DisableEndpoint { endpoint, token, since: None },
                (6, Some(endpoint)) => {
                    let new_token = "cd".to_owned();
                    Change::ReplaceToken { endpoint, token, new_token }
                }
                _ => Change::CreateEndpoint { application, token, user_data: None, attributes },
            };
            if let Ok(Output::Endpoint(arn)) = world.change(change) {
                endpoints.push(arn);
            }
        }
        let restarted = world.restarted();
        prop_assert_eq!(&restarted.applications, &world.platforms.applications);
        prop_assert_eq!(restarted.endpoints_count, world.platforms.endpoints_count);
        prop_assert_eq!(restarted.endpoint_bytes, world.platforms.endpoint_bytes);
        let account = tidings_core::names::AccountId::parse("000000000042").unwrap();
        prop_assert_eq!(restarted.bytes_of(account), world.platforms.bytes_of(account));
        for arn in &endpoints {
            let endpoint = world.platforms.endpoint(arn);
            prop_assert_eq!(&endpoint, &restarted.endpoint(arn));
            let application = world.platforms.application(&arn.application);
            if let (Ok(endpoint), Ok(application)) = (endpoint, application) {
                let found = world.platforms.endpoint_by_token(application, endpoint.token());
                prop_assert_eq!(found, Some(arn.id));
            }
        }
    }

    #[test]
    fn any_entry_is_taken_or_refused(name: String, value: Vec<u8>) {
        let _ = Platforms::load([(name.as_str(), value.as_slice())], sealer());
        for name in ["push/app/000000000042/eu-west-1/GCM/a", "push/endpoint/1/00000000-0000-4000-8000-000000000000"] {
            let _ = Platforms::load([(name, value.as_slice())], sealer());
        }
    }
}

use aws_sdk_sns::Client;
use aws_sdk_sns::types::{LanguageCodeString, PhoneNumberInformation, SmsSandboxPhoneNumber};
use serde_json::{Value, json};

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, map, members};

pub async fn set_attributes(sns: &Client, input: Input<'_>) -> Answer {
    sns.set_sms_attributes().set_attributes(input.map("attributes")).send().await?;
    Ok(members([]))
}

pub async fn get_attributes(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns.get_sms_attributes().set_attributes(input.list("attributes")).send().await?;
    Ok(members([("attributes", map(output.attributes()))]))
}

pub async fn check_if_opted_out(sns: &Client, input: Input<'_>) -> Answer {
    let check = sns.check_if_phone_number_is_opted_out();
    let output = check.set_phone_number(input.text("phoneNumber")).send().await?;
    Ok(members([("isOptedOut", json!(output.is_opted_out()))]))
}

pub async fn list_opted_out(sns: &Client, input: Input<'_>) -> Answer {
    let asked = sns.list_phone_numbers_opted_out();
    let output = asked.set_next_token(input.text("nextToken")).send().await?;
    let numbers = list(output.phone_numbers(), |number| json!(number));
    Ok(members([("phoneNumbers", numbers), ("nextToken", json!(output.next_token()))]))
}

pub async fn opt_in(sns: &Client, input: Input<'_>) -> Answer {
    sns.opt_in_phone_number().set_phone_number(input.text("phoneNumber")).send().await?;
    Ok(members([]))
}

pub async fn create_sandbox_number(sns: &Client, input: Input<'_>) -> Answer {
    let language = input.text("LanguageCode");
    sns.create_sms_sandbox_phone_number()
        .set_phone_number(input.text("PhoneNumber"))
        .set_language_code(language.as_deref().map(LanguageCodeString::from))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn verify_sandbox_number(sns: &Client, input: Input<'_>) -> Answer {
    sns.verify_sms_sandbox_phone_number()
        .set_phone_number(input.text("PhoneNumber"))
        .set_one_time_password(input.text("OneTimePassword"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn delete_sandbox_number(sns: &Client, input: Input<'_>) -> Answer {
    let delete = sns.delete_sms_sandbox_phone_number();
    delete.set_phone_number(input.text("PhoneNumber")).send().await?;
    Ok(members([]))
}

pub async fn list_sandbox_numbers(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .list_sms_sandbox_phone_numbers()
        .set_next_token(input.text("NextToken"))
        .set_max_results(input.number("MaxResults"))
        .send()
        .await?;
    let number = |it: &SmsSandboxPhoneNumber| {
        let status = it.status().map(|status| status.as_str());
        members([("PhoneNumber", json!(it.phone_number())), ("Status", json!(status))])
    };
    let numbers = list(output.phone_numbers(), number);
    Ok(members([("PhoneNumbers", numbers), ("NextToken", json!(output.next_token()))]))
}

pub async fn get_sandbox_status(sns: &Client, _: Input<'_>) -> Answer {
    let output = sns.get_sms_sandbox_account_status().send().await?;
    Ok(members([("IsInSandbox", json!(output.is_in_sandbox()))]))
}

pub async fn list_origination_numbers(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .list_origination_numbers()
        .set_next_token(input.text("NextToken"))
        .set_max_results(input.number("MaxResults"))
        .send()
        .await?;
    let numbers = list(output.phone_numbers(), origination_number);
    Ok(members([("PhoneNumbers", numbers), ("NextToken", json!(output.next_token()))]))
}

fn origination_number(number: &PhoneNumberInformation) -> Value {
    members([
        ("PhoneNumber", json!(number.phone_number())),
        ("Status", json!(number.status())),
        ("Iso2CountryCode", json!(number.iso2_country_code())),
        ("RouteType", json!(number.route_type().map(|route| route.as_str()))),
        (
            "NumberCapabilities",
            list(number.number_capabilities(), |capability| json!(capability.as_str())),
        ),
    ])
}

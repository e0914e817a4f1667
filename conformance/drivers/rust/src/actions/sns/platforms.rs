use aws_sdk_sns::Client;
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, map, members};

pub async fn create_application(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .create_platform_application()
        .set_name(input.text("Name"))
        .set_platform(input.text("Platform"))
        .set_attributes(input.map("Attributes"))
        .send()
        .await?;
    Ok(members([("PlatformApplicationArn", json!(output.platform_application_arn()))]))
}

pub async fn get_application_attributes(sns: &Client, input: Input<'_>) -> Answer {
    let asked = sns.get_platform_application_attributes();
    let arn = input.text("PlatformApplicationArn");
    let output = asked.set_platform_application_arn(arn).send().await?;
    Ok(members([("Attributes", map(output.attributes()))]))
}

pub async fn set_application_attributes(sns: &Client, input: Input<'_>) -> Answer {
    sns.set_platform_application_attributes()
        .set_platform_application_arn(input.text("PlatformApplicationArn"))
        .set_attributes(input.map("Attributes"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn list_applications(sns: &Client, input: Input<'_>) -> Answer {
    let asked = sns.list_platform_applications();
    let output = asked.set_next_token(input.text("NextToken")).send().await?;
    let applications = list(output.platform_applications(), |application| {
        members([
            ("PlatformApplicationArn", json!(application.platform_application_arn())),
            ("Attributes", map(application.attributes())),
        ])
    });
    Ok(members([
        ("PlatformApplications", applications),
        ("NextToken", json!(output.next_token())),
    ]))
}

pub async fn delete_application(sns: &Client, input: Input<'_>) -> Answer {
    let delete = sns.delete_platform_application();
    let arn = input.text("PlatformApplicationArn");
    delete.set_platform_application_arn(arn).send().await?;
    Ok(members([]))
}

pub async fn create_endpoint(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .create_platform_endpoint()
        .set_platform_application_arn(input.text("PlatformApplicationArn"))
        .set_token(input.text("Token"))
        .set_custom_user_data(input.text("CustomUserData"))
        .set_attributes(input.map("Attributes"))
        .send()
        .await?;
    Ok(members([("EndpointArn", json!(output.endpoint_arn()))]))
}

pub async fn get_endpoint_attributes(sns: &Client, input: Input<'_>) -> Answer {
    let asked = sns.get_endpoint_attributes();
    let output = asked.set_endpoint_arn(input.text("EndpointArn")).send().await?;
    Ok(members([("Attributes", map(output.attributes()))]))
}

pub async fn set_endpoint_attributes(sns: &Client, input: Input<'_>) -> Answer {
    sns.set_endpoint_attributes()
        .set_endpoint_arn(input.text("EndpointArn"))
        .set_attributes(input.map("Attributes"))
        .send()
        .await?;
    Ok(members([]))
}

pub async fn list_endpoints(sns: &Client, input: Input<'_>) -> Answer {
    let output = sns
        .list_endpoints_by_platform_application()
        .set_platform_application_arn(input.text("PlatformApplicationArn"))
        .set_next_token(input.text("NextToken"))
        .send()
        .await?;
    let endpoints = list(output.endpoints(), |endpoint| {
        members([
            ("EndpointArn", json!(endpoint.endpoint_arn())),
            ("Attributes", map(endpoint.attributes())),
        ])
    });
    Ok(members([("Endpoints", endpoints), ("NextToken", json!(output.next_token()))]))
}

pub async fn delete_endpoint(sns: &Client, input: Input<'_>) -> Answer {
    sns.delete_endpoint().set_endpoint_arn(input.text("EndpointArn")).send().await?;
    Ok(members([]))
}

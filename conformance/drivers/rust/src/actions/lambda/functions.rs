use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{
    Architecture, DeadLetterConfig, Environment, EphemeralStorage, FunctionCode, FunctionVersion,
    LogFormat, LoggingConfig, PackageType, Runtime, TracingConfig, TracingMode, VpcConfig,
};
use serde_json::json;

use crate::actions::Answer;
use crate::input::Input;
use crate::output::{list, map, members};

/// The members of a version. The SDK has a type of its own for each action that shows one.
macro_rules! configuration {
    ($it:expr) => {{
        let it = $it;
        let text = |value: Option<&str>| json!(value);
        let environment = it.environment().map(|it| members([("Variables", map(it.variables()))]));
        let dead_letters = it.dead_letter_config();
        let storage = it.ephemeral_storage().map(|it| json!({ "Size": it.size() }));
        let tracing = it.tracing_config().and_then(|it| it.mode());
        let snap_start = it.snap_start().map(|it| {
            members([
                ("ApplyOn", json!(it.apply_on().map(|it| it.as_str()))),
                ("OptimizationStatus", json!(it.optimization_status().map(|it| it.as_str()))),
            ])
        });
        let logging = it.logging_config().map(|it| {
            members([
                ("LogFormat", json!(it.log_format().map(|it| it.as_str()))),
                (
                    "ApplicationLogLevel",
                    json!(it.application_log_level().map(|it| it.as_str())),
                ),
                ("SystemLogLevel", json!(it.system_log_level().map(|it| it.as_str()))),
                ("LogGroup", json!(it.log_group())),
            ])
        });
        members([
            ("FunctionName", text(it.function_name())),
            ("FunctionArn", text(it.function_arn())),
            ("Runtime", text(it.runtime().map(|it| it.as_str()))),
            ("Role", text(it.role())),
            ("Handler", text(it.handler())),
            ("CodeSize", json!(it.code_size())),
            ("Description", text(it.description())),
            ("Timeout", json!(it.timeout())),
            ("MemorySize", json!(it.memory_size())),
            ("LastModified", text(it.last_modified())),
            ("CodeSha256", text(it.code_sha256())),
            ("Version", text(it.version())),
            ("Environment", json!(environment)),
            (
                "DeadLetterConfig",
                json!(dead_letters.map(|it| members([("TargetArn", json!(it.target_arn()))]))),
            ),
            ("TracingConfig", json!(tracing.map(|mode| json!({ "Mode": mode.as_str() })))),
            ("KMSKeyArn", text(it.kms_key_arn())),
            ("Layers", list(it.layers(), |layer| json!(layer.arn()))),
            ("RevisionId", text(it.revision_id())),
            ("State", text(it.state().map(|it| it.as_str()))),
            ("LastUpdateStatus", text(it.last_update_status().map(|it| it.as_str()))),
            ("PackageType", text(it.package_type().map(|it| it.as_str()))),
            ("Architectures", list(it.architectures(), |it| json!(it.as_str()))),
            ("EphemeralStorage", json!(storage)),
            ("SnapStart", json!(snap_start)),
            ("LoggingConfig", json!(logging)),
        ])
    }};
}
pub(super) use configuration;

fn environment(input: Input<'_>) -> Option<Environment> {
    let environment = input.part("Environment")?;
    Some(Environment::builder().set_variables(environment.map("Variables")).build())
}

fn dead_letters(input: Input<'_>) -> Option<DeadLetterConfig> {
    let config = input.part("DeadLetterConfig")?;
    Some(DeadLetterConfig::builder().set_target_arn(config.text("TargetArn")).build())
}

fn storage(input: Input<'_>) -> Option<EphemeralStorage> {
    let size = input.part("EphemeralStorage")?.number("Size")?;
    EphemeralStorage::builder().size(size).build().ok()
}

fn tracing(input: Input<'_>) -> Option<TracingConfig> {
    let mode = input.part("TracingConfig")?.text("Mode");
    let mode = mode.as_deref().map(TracingMode::from);
    Some(TracingConfig::builder().set_mode(mode).build())
}

fn logging(input: Input<'_>) -> Option<LoggingConfig> {
    let config = input.part("LoggingConfig")?;
    let (format, group) = (config.text("LogFormat"), config.text("LogGroup"));
    let (of_function, of_system) =
        (config.text("ApplicationLogLevel"), config.text("SystemLogLevel"));
    let built = LoggingConfig::builder()
        .set_log_format(format.as_deref().map(LogFormat::from))
        .set_application_log_level(of_function.as_deref().map(Into::into))
        .set_system_log_level(of_system.as_deref().map(Into::into))
        .set_log_group(group);
    Some(built.build())
}

fn network(input: Input<'_>) -> Option<VpcConfig> {
    let config = input.part("VpcConfig")?;
    let built = VpcConfig::builder()
        .set_subnet_ids(config.list("SubnetIds"))
        .set_security_group_ids(config.list("SecurityGroupIds"));
    Some(built.build())
}

pub async fn create_function(lambda: &Client, input: Input<'_>) -> Answer {
    let runtime = input.text("Runtime");
    let package_type = input.text("PackageType");
    let code = input.part("Code").map(|code| {
        FunctionCode::builder()
            .set_zip_file(code.blob("ZipFile"))
            .set_s3_bucket(code.text("S3Bucket"))
            .set_s3_key(code.text("S3Key"))
            .build()
    });
    let output = lambda
        .create_function()
        .set_function_name(input.text("FunctionName"))
        .set_runtime(runtime.as_deref().map(Runtime::from))
        .set_role(input.text("Role"))
        .set_handler(input.text("Handler"))
        .set_code(code)
        .set_description(input.text("Description"))
        .set_timeout(input.number("Timeout"))
        .set_memory_size(input.number("MemorySize"))
        .set_publish(input.flag("Publish"))
        .set_package_type(package_type.as_deref().map(PackageType::from))
        .set_dead_letter_config(dead_letters(input))
        .set_environment(environment(input))
        .set_kms_key_arn(input.text("KMSKeyArn"))
        .set_tracing_config(tracing(input))
        .set_tags(input.map("Tags"))
        .set_layers(input.list("Layers"))
        .set_architectures(input.list::<Architecture>("Architectures"))
        .set_ephemeral_storage(storage(input))
        .set_logging_config(logging(input))
        .set_vpc_config(network(input))
        .send()
        .await?;
    Ok(configuration!(&output))
}

pub async fn update_configuration(lambda: &Client, input: Input<'_>) -> Answer {
    let runtime = input.text("Runtime");
    let output = lambda
        .update_function_configuration()
        .set_function_name(input.text("FunctionName"))
        .set_runtime(runtime.as_deref().map(Runtime::from))
        .set_role(input.text("Role"))
        .set_handler(input.text("Handler"))
        .set_description(input.text("Description"))
        .set_timeout(input.number("Timeout"))
        .set_memory_size(input.number("MemorySize"))
        .set_dead_letter_config(dead_letters(input))
        .set_environment(environment(input))
        .set_kms_key_arn(input.text("KMSKeyArn"))
        .set_tracing_config(tracing(input))
        .set_revision_id(input.text("RevisionId"))
        .set_ephemeral_storage(storage(input))
        .set_logging_config(logging(input))
        .send()
        .await?;
    Ok(configuration!(&output))
}

pub async fn update_code(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .update_function_code()
        .set_function_name(input.text("FunctionName"))
        .set_zip_file(input.blob("ZipFile"))
        .set_architectures(input.list::<Architecture>("Architectures"))
        .set_publish(input.flag("Publish"))
        .set_dry_run(input.flag("DryRun"))
        .set_revision_id(input.text("RevisionId"))
        .send()
        .await?;
    Ok(configuration!(&output))
}

pub async fn get_function(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .get_function()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .send()
        .await?;
    let code = output.code().map(|code| {
        members([
            ("RepositoryType", json!(code.repository_type())),
            ("Location", json!(code.location())),
        ])
    });
    let concurrency = output.concurrency().and_then(|it| it.reserved_concurrent_executions());
    let concurrency = concurrency.map(|it| json!({ "ReservedConcurrentExecutions": it }));
    Ok(members([
        ("Configuration", json!(output.configuration().map(|it| configuration!(it)))),
        ("Code", json!(code)),
        ("Tags", map(output.tags())),
        ("Concurrency", json!(concurrency)),
    ]))
}

pub async fn get_configuration(lambda: &Client, input: Input<'_>) -> Answer {
    let output = lambda
        .get_function_configuration()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .send()
        .await?;
    Ok(configuration!(&output))
}

pub async fn list_functions(lambda: &Client, input: Input<'_>) -> Answer {
    let version = input.text("FunctionVersion");
    let output = lambda
        .list_functions()
        .set_function_version(version.as_deref().map(FunctionVersion::from))
        .set_marker(input.text("Marker"))
        .set_max_items(input.number("MaxItems"))
        .send()
        .await?;
    let functions = list(output.functions(), |it| configuration!(it));
    Ok(members([("Functions", functions), ("NextMarker", json!(output.next_marker()))]))
}

pub async fn delete_function(lambda: &Client, input: Input<'_>) -> Answer {
    lambda
        .delete_function()
        .set_function_name(input.text("FunctionName"))
        .set_qualifier(input.text("Qualifier"))
        .send()
        .await?;
    Ok(members([]))
}

//! Functions and their code: what requests bring.

use serde::Deserialize;
use tidings_lambda::{
    Environment, FunctionId, FunctionName, LambdaFault, Logging, Reference, Settings,
    check_destination,
};

use super::request::{Asked, LambdaRequest};
use crate::json::{Blob, List, Map, Object, or_default};
use crate::refusal::Refusal;
use crate::text::Text;

/// CreateFunction.
#[derive(Clone)]
pub struct CreateFunction {
    /// What it is called.
    pub function: FunctionId,
    /// How it is run.
    pub settings: Settings,
    /// Its code.
    pub zip: Vec<u8>,
    /// Whether the first version is published at once.
    pub publish: bool,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// UpdateFunctionCode.
#[derive(Clone)]
pub struct UpdateCode {
    /// Which function.
    pub function: Reference,
    /// Its code from now on.
    pub zip: Vec<u8>,
    /// What it is made for, if that is said.
    pub architecture: Option<String>,
    /// Whether it is published at once.
    pub publish: bool,
    /// Whether only to try.
    pub dry_run: bool,
    /// The revision that the caller means to change.
    pub revision_id: Option<String>,
}

/// Without the code.
impl std::fmt::Debug for CreateFunction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { function, settings, .. } = self;
        write!(out, "CreateFunction({function}, {settings:?}, ..)")
    }
}

/// Without the code.
impl std::fmt::Debug for UpdateCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "UpdateCode({}, ..)", self.function.arn())
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct CreateInput<'a> {
    #[serde(borrow)]
    function_name: Option<Text<'a>>,
    #[serde(borrow)]
    code: Option<Object<CodeInput<'a>>>,
    publish: Option<bool>,
    #[serde(borrow)]
    package_type: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    tags: Map<'a, Text<'a>>,
    #[serde(borrow, flatten)]
    settings: SettingsInput<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct CodeInput<'a> {
    zip_file: Option<Blob>,
    #[serde(borrow)]
    s3_bucket: Option<Text<'a>>,
    #[serde(borrow)]
    image_uri: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct UpdateCodeInput<'a> {
    #[serde(borrow, flatten)]
    code: CodeInput<'a>,
    #[serde(deserialize_with = "or_default")]
    architectures: List<String>,
    publish: Option<bool>,
    dry_run: Option<bool>,
    revision_id: Option<String>,
}

/// What CreateFunction and UpdateFunctionConfiguration have in common.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct SettingsInput<'a> {
    runtime: Option<String>,
    handler: Option<String>,
    role: Option<String>,
    description: Option<String>,
    timeout: Option<i64>,
    memory_size: Option<i64>,
    #[serde(borrow)]
    environment: Option<Object<EnvironmentInput<'a>>>,
    #[serde(deserialize_with = "or_default")]
    architectures: List<String>,
    ephemeral_storage: Option<Object<EphemeralStorage>>,
    tracing_config: Option<Object<TracingConfig>>,
    dead_letter_config: Option<Object<DeadLetterConfig>>,
    revision_id: Option<String>,
    vpc_config: Option<Object<VpcConfig>>,
    #[serde(deserialize_with = "or_default")]
    layers: List<String>,
    #[serde(deserialize_with = "or_default")]
    file_system_configs: List<serde::de::IgnoredAny>,
    code_signing_config_arn: Option<String>,
    logging_config: Option<Object<LoggingConfig>>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<String>,
    snap_start: Option<Object<SnapStart>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct EnvironmentInput<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    variables: Map<'a, Text<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct EphemeralStorage {
    size: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct TracingConfig {
    mode: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DeadLetterConfig {
    target_arn: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct VpcConfig {
    #[serde(deserialize_with = "or_default")]
    subnet_ids: List<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct LoggingConfig {
    log_format: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
    log_group: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct SnapStart {
    apply_on: Option<String>,
}

pub(super) fn create(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let input: CreateInput<'_> = asked.input()?;
    let missing = |member: &str| LambdaFault::constraint("null", member, "not be null");
    let name = input.function_name.ok_or_else(|| missing("functionName"))?;
    let Reference { id, qualifier } = Reference::parse(&name, None, asked.scope)?;
    if qualifier.is_some() || id.scope != *asked.scope {
        let text = "A function is created by its name, in the caller's own account and region.";
        return Err(LambdaFault::parameter(text).into());
    }
    if FunctionName::parse(id.name.as_str()).is_none() {
        return Err(missing("functionName").into());
    }
    if input.package_type.is_some_and(|kind| &*kind != "Zip") {
        return Err(unserved("container images: use PackageType Zip").into());
    }
    let code = input.code.ok_or_else(|| missing("code"))?.0;
    let zip = code.zip()?;
    let (settings, _) = input.settings.read()?;
    Ok(LambdaRequest::CreateFunction(Box::new(CreateFunction {
        function: id,
        settings,
        zip,
        publish: input.publish.unwrap_or_default(),
        tags: pairs(input.tags),
    })))
}

pub(super) fn update_code(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let input: UpdateCodeInput<'_> = asked.input()?;
    let zip = input.code.zip()?;
    Ok(LambdaRequest::UpdateFunctionCode(Box::new(UpdateCode {
        function: asked.reference()?,
        zip,
        architecture: input.architectures.0.into_iter().next(),
        publish: input.publish.unwrap_or_default(),
        dry_run: input.dry_run.unwrap_or_default(),
        revision_id: input.revision_id,
    })))
}

pub(super) fn update_configuration(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let (settings, revision_id) = asked.input::<SettingsInput<'_>>()?.read()?;
    let (function, settings) = (asked.reference()?, Box::new(settings));
    Ok(LambdaRequest::UpdateFunctionConfiguration { function, settings, revision_id })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PublishInput {
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

pub(super) fn publish(asked: &Asked<'_>) -> Result<LambdaRequest, Refusal> {
    let PublishInput { code_sha256, description, revision_id } = asked.input()?;
    let function = asked.reference()?;
    Ok(LambdaRequest::PublishVersion { function, code_sha256, description, revision_id })
}

impl CodeInput<'_> {
    fn zip(self) -> Result<Vec<u8>, LambdaFault> {
        if self.s3_bucket.is_some() || self.image_uri.is_some() {
            return Err(unserved("code that lies elsewhere: send it in ZipFile"));
        }
        let missing = "Please provide a source for function code.";
        Ok(self.zip_file.ok_or_else(|| LambdaFault::parameter(missing))?.0)
    }
}

impl SettingsInput<'_> {
    fn read(self) -> Result<(Settings, Option<String>), LambdaFault> {
        if self.vpc_config.is_some_and(|config| !config.0.subnet_ids.0.is_empty()) {
            return Err(unserved("networks of their own (VpcConfig)"));
        }
        if !self.layers.0.is_empty() {
            return Err(unserved("layers: put what is in them into the archive"));
        }
        if !self.file_system_configs.0.is_empty() {
            return Err(unserved("file systems (FileSystemConfigs)"));
        }
        if self.code_signing_config_arn.is_some_and(|arn| !arn.is_empty()) {
            return Err(unserved("code signing"));
        }
        if self.kms_key_arn.is_some_and(|arn| !arn.is_empty()) {
            return Err(unserved("keys of their own (KMSKeyArn): a master key seals all settings"));
        }
        let snap_start = self.snap_start.and_then(|it| it.0.apply_on);
        if snap_start.is_some_and(|apply_on| apply_on != "None") {
            return Err(unserved("SnapStart"));
        }
        if self.architectures.0.len() > 1 {
            let one = "have length less than or equal to 1";
            return Err(LambdaFault::constraint("[..]", "architectures", one));
        }
        let dead_letter_target =
            self.dead_letter_config.map(|config| config.0.target_arn.unwrap_or_default());
        if let Some(target) = dead_letter_target.as_deref().filter(|target| !target.is_empty()) {
            check_destination(target)?;
        }
        let environment = self
            .environment
            .map(|environment| Environment(pairs(environment.0.variables).into_iter().collect()));
        let ephemeral = self.ephemeral_storage.and_then(|storage| storage.0.size);
        let settings = Settings {
            runtime: self.runtime,
            handler: self.handler,
            role: self.role,
            description: self.description,
            timeout_seconds: self.timeout.map(number),
            memory_mib: self.memory_size.map(number),
            environment,
            architecture: self.architectures.0.into_iter().next(),
            ephemeral_mib: ephemeral.map(number),
            tracing: self.tracing_config.and_then(|config| config.0.mode),
            dead_letter_target,
            logging: self.logging_config.map(|config| config.0.read()),
        };
        Ok((settings, self.revision_id))
    }
}

impl LoggingConfig {
    fn read(self) -> Logging {
        Logging {
            format: self.log_format.unwrap_or_else(|| "Text".to_owned()),
            application_level: self.application_log_level,
            system_level: self.system_log_level,
            group: self.log_group,
        }
    }
}

/// What is not within its bounds is refused as such later; no bound is near those of 32 bits.
pub(super) fn number(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(if number < 0 { 0 } else { u32::MAX })
}

pub(super) fn pairs(map: Map<'_, Text<'_>>) -> Vec<(String, String)> {
    map.0.into_iter().map(|(key, value)| (key.into_string(), value.into_string())).collect()
}

fn unserved(what: &str) -> LambdaFault {
    LambdaFault::parameter(format!("This server runs functions without {what}."))
}

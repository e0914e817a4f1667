//! The languages that codes of the sandbox are sent in.

use tidings_core::rejection::TopicRejection;

/// `LanguageCode` of CreateSMSSandboxPhoneNumber.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Language {
    code: &'static str,
    before_password: &'static str,
}

const LANGUAGES: [(&str, &str); 13] = [
    ("en-US", "Your verification code is"),
    ("en-GB", "Your verification code is"),
    ("es-419", "Su código de verificación es"),
    ("es-ES", "Su código de verificación es"),
    ("de-DE", "Ihr Bestätigungscode lautet"),
    ("fr-CA", "Votre code de vérification est"),
    ("fr-FR", "Votre code de vérification est"),
    ("it-IT", "Il suo codice di verifica è"),
    ("ja-JP", "確認コード:"),
    ("pt-BR", "Seu código de verificação é"),
    ("kr-KR", "인증 코드:"),
    ("zh-CN", "您的验证码:"),
    ("zh-TW", "您的驗證碼:"),
];

impl Language {
    /// The language of this code; that of the first if there is none.
    ///
    /// # Errors
    /// ValidationError if it is none of them.
    pub(super) fn read(code: Option<&str>) -> Result<Self, TopicRejection> {
        let code = code.unwrap_or(LANGUAGES[0].0);
        let found = LANGUAGES.into_iter().find(|(known, _)| *known == code);
        let language = found.map(|(code, before_password)| Self { code, before_password });
        language.ok_or_else(|| {
            let all: Vec<_> = LANGUAGES.iter().map(|(code, _)| *code).collect();
            TopicRejection::Validation(format!(
                "1 validation error detected: Value '{code}' at 'languageCode' failed to satisfy \
                 constraint: Member must satisfy enum value set: [{}]",
                all.join(", ")
            ))
        })
    }

    /// The message that a one-time password comes in.
    #[must_use]
    pub fn message(self, password: &str) -> String {
        format!("{} {password}", self.before_password)
    }
}

//! Signed statements of who one is: JSON Web Tokens, RFC 7519.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::secret::Secret;

/// The library refused to sign, which nothing in a message can bring about.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct NotSigned;

/// A token of a P-256 key: ES256.
pub(super) fn es256(
    key: &EcdsaKeyPair,
    header: &Value,
    claims: &Value,
) -> Result<Secret, NotSigned> {
    signed(header, claims, |text| {
        let signature = key.sign(&SystemRandom::new(), text).map_err(|_| NotSigned)?;
        Ok(signature.as_ref().to_vec())
    })
}

/// A token of an RSA key: RS256.
pub(super) fn rs256(key: &RsaKeyPair, header: &Value, claims: &Value) -> Result<Secret, NotSigned> {
    signed(header, claims, |text| {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .map_err(|_| NotSigned)?;
        Ok(signature)
    })
}

fn signed(
    header: &Value,
    claims: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, NotSigned>,
) -> Result<Secret, NotSigned> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = sign(text.as_bytes())?;
    Ok(Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, KeyPair,
        RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };
    use rcgen::PKCS_RSA_SHA256;
    use serde_json::json;

    use super::*;

    fn check(token: &Secret, algorithm: &'static dyn VerificationAlgorithm, public: &[u8]) {
        let (text, signature) = token.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(algorithm, public).verify(text.as_bytes(), &signature).unwrap();
        let (header, claims) = text.split_once('.').unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(header).unwrap(), br#"{"alg":"X"}"#);
        assert_eq!(URL_SAFE_NO_PAD.decode(claims).unwrap(), br#"{"iss":"somebody"}"#);
    }

    #[test]
    fn signatures_verify() {
        let (header, claims) = (json!({"alg": "X"}), json!({"iss": "somebody"}));
        let der = rcgen::KeyPair::generate().unwrap().serialize_der();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap();
        let token = es256(&key, &header, &claims).unwrap();
        check(&token, &ECDSA_P256_SHA256_FIXED, key.public_key().as_ref());

        let der = rcgen::KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_der();
        let key = RsaKeyPair::from_pkcs8(&der).unwrap();
        let token = rs256(&key, &header, &claims).unwrap();
        check(&token, &RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    }
}

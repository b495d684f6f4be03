//! Signing with a key of the user's: what somebody else has to be able to check later.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyUsageType, MessageType, SigningAlgorithmSpec};

use crate::{Aws, AwsError, Present as _, Result};

/// What is signed with, the first that the key knows: both hash with SHA-256, which every tool knows.
const ALGORITHMS: [SigningAlgorithmSpec; 2] =
    [SigningAlgorithmSpec::RsassaPssSha256, SigningAlgorithmSpec::EcdsaSha256];

/// A key that signs, as AWS KMS knows it.
#[derive(Clone, Debug)]
pub struct Signer {
    /// By which it is known: its ARN.
    pub key: String,
    /// What it signs with.
    algorithm: SigningAlgorithmSpec,
    /// Its public half: a SubjectPublicKeyInfo (RFC 5280) as DER.
    pub public_key: Vec<u8>,
}

impl Signer {
    /// What whoever signs has to be allowed on the key.
    pub const ACTIONS: &[&str] = &["kms:GetPublicKey", "kms:Sign"];

    /// The key of that id, ARN or alias.
    ///
    /// # Errors
    /// When there is none, or it signs nothing that is understood everywhere.
    pub async fn of(aws: &Aws, key: &str) -> Result<Self> {
        let reply = aws.kms.get_public_key().key_id(key).send().await?;
        let known = reply.signing_algorithms();
        let algorithm = ALGORITHMS.into_iter().find(|one| known.contains(one));
        let Some(algorithm) =
            algorithm.filter(|_| reply.key_usage() == Some(&KeyUsageType::SignVerify))
        else {
            return Err(AwsError::invalid(
                "the key signs neither with RSASSA_PSS_SHA_256 nor with ECDSA_SHA_256",
            ));
        };
        Ok(Self {
            key: reply.key_id.present("key_id")?,
            algorithm,
            public_key: reply.public_key.present("public_key")?.into_inner(),
        })
    }

    /// What it signs with, as AWS calls it.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.algorithm.as_str()
    }

    /// Signs a message, of 4,096 bytes at most (AWS KMS API Reference, "Sign", `Message`).
    ///
    /// # Errors
    /// When AWS does not.
    pub async fn sign(&self, aws: &Aws, message: &[u8]) -> Result<Vec<u8>> {
        let request = aws.kms.sign().key_id(&self.key).message(Blob::new(message));
        let request = request.message_type(MessageType::Raw);
        let reply = request.signing_algorithm(self.algorithm.clone()).send().await?;
        Ok(reply.signature.present("signature")?.into_inner())
    }
}

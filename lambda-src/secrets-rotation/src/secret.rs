//! The secret in Secrets Manager: its versions and their values.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use handler_kit::aws::{self, Unavailable};
use payments_database::{Credentials, CredentialsError};

use crate::RotationError;
use crate::event::Event;

pub(crate) const CURRENT: &str = "AWSCURRENT";
pub(crate) const PENDING: &str = "AWSPENDING";
pub(crate) const PREVIOUS: &str = "AWSPREVIOUS";

/// What Secrets Manager says of the versions that have a label.
pub(crate) struct Description(DescribeSecretOutput);

impl Description {
    pub(crate) fn rotates(&self) -> bool {
        self.0.rotation_enabled == Some(true)
    }

    /// The labels of a version; none, if it is not a version, or has no label.
    pub(crate) fn labels(&self, version: &str) -> &[String] {
        let labels = self.0.version_ids_to_stages().and_then(|versions| versions.get(version));
        labels.map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn has(&self, version: &str, label: &str) -> bool {
        self.labels(version).iter().any(|it| it == label)
    }

    /// The version that has a label.
    pub(crate) fn version(&self, label: &str) -> Option<&str> {
        let mut versions = self.0.version_ids_to_stages()?.keys();
        versions.find(|version| self.has(version, label)).map(String::as_str)
    }
}

/// One secret.
pub(crate) struct Secret<'event> {
    pub(crate) client: &'event Client,
    pub(crate) event: Event<'event>,
}

impl Secret<'_> {
    pub(crate) async fn describe(&self) -> Result<Description, Unavailable> {
        let sent = self.client.describe_secret().secret_id(self.event.secret).send().await;
        sent.map(Description).map_err(|error| aws::failed("DescribeSecret", &error))
    }

    /// The value of a version. A version may have none yet: that of a rotation is made before its
    /// function is called.
    pub(crate) async fn value(&self, version: &str) -> Result<Option<String>, Unavailable> {
        let request = self.client.get_secret_value().secret_id(self.event.secret);
        match request.version_id(version).send().await {
            // A binary one is none of ours.
            Ok(reply) => Ok(Some(reply.secret_string.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_resource_not_found_exception() => Ok(None),
                _ => Err(aws::failed("GetSecretValue", &error)),
            },
        }
    }

    /// How a version logs in.
    pub(crate) async fn credentials(
        &self,
        version: &str,
        label: &'static str,
    ) -> Result<Credentials, RotationError> {
        let value = self.value(version).await?.ok_or(RotationError::NoValue(label))?;
        let error = |error: CredentialsError| RotationError::Value(label, error);
        Credentials::parse(&value).map_err(error)
    }

    /// Every version there is, the newest first, also those without a label.
    pub(crate) async fn versions(&self) -> Result<Vec<String>, Unavailable> {
        let request = self.client.list_secret_version_ids().secret_id(self.event.secret);
        let mut pages = request.include_deprecated(true).into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| aws::failed("ListSecretVersionIds", &error))?;
            versions.extend(page.versions.unwrap_or_default());
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.created_date));
        Ok(versions.into_iter().filter_map(|version| version.version_id).collect())
    }

    /// A password that fits into a URL as it is.
    pub(crate) async fn random_password(&self, length: i64) -> Result<String, RotationError> {
        let request = self.client.get_random_password().password_length(length);
        let sent = request
            .exclude_punctuation(true)
            .include_space(false)
            .require_each_included_type(true)
            .send()
            .await;
        let reply = sent.map_err(|error| aws::failed("GetRandomPassword", &error))?;
        reply.random_password.ok_or(RotationError::NoPassword)
    }

    /// Gives the version of this rotation its value, and returns whether it had none.
    pub(crate) async fn put(&self, value: String) -> Result<bool, Unavailable> {
        let sent = self
            .client
            .put_secret_value()
            .secret_id(self.event.secret)
            .client_request_token(self.event.token)
            .set_rotation_token(self.event.rotation_token.map(str::to_owned))
            .version_stages(PENDING)
            .secret_string(value)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                // Another call of this step was faster: its value stays.
                Some(error) if error.is_resource_exists_exception() => Ok(false),
                _ => Err(aws::failed("PutSecretValue", &error)),
            },
        }
    }

    /// Moves `AWSCURRENT` to the version of this rotation. `AWSPREVIOUS` follows by itself.
    pub(crate) async fn make_current(&self, before: &str) -> Result<(), Unavailable> {
        let sent = self
            .client
            .update_secret_version_stage()
            .secret_id(self.event.secret)
            .version_stage(CURRENT)
            .move_to_version_id(self.event.token)
            .remove_from_version_id(before)
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        // The SDK's second try, after a reply that was lost, is refused: there is nothing to move.
        if self.describe().await?.has(self.event.token, CURRENT) {
            return Ok(());
        }
        Err(aws::failed("UpdateSecretVersionStage", &error))
    }
}

//! The bucket that a team's states are in: an S3 client with a thread of its own, so that a request
//! goes on while whoever asked waits for it with a blocked thread.

use std::error::Error;
use std::sync::mpsc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier, ServerSideEncryption};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use futures::future::FutureExt as _;
use payctl_engine::state::objects::{Asked, Listed, Object, ObjectError, Objects, Tag, When};
use tokio::runtime::{Builder, Handle};

use crate::connection::retrying;
use crate::{AwsError, Calls, ClientOptions, Connection, ConnectionError};

pub use self::bucket::{Finding, Matter};
pub use self::permissions::StatePlace;

mod bucket;
mod permissions;

/// How many objects one request deletes at most (S3's API reference, "DeleteObjects", read
/// 2026-12-01).
const DELETED_AT_ONCE: usize = 1_000;
/// How often a write is tried while another of the same object is under way: S3 answers 409 then, and
/// that it may be tried again (S3's guide, "Add preconditions to S3 operations with conditional
/// requests", read 2026-12-01).
const TRIES: u32 = 6;

/// A bucket for states.
#[derive(Clone, Debug)]
pub struct StateBucket {
    s3: Client,
    name: String,
    /// The key that what is written is encrypted with; the bucket's default where none is named.
    kms_key: Option<String>,
    region: String,
    calls: Calls,
    thread: Handle,
}

impl StateBucket {
    /// The bucket `name`, reached as `options` say. Makes no call.
    ///
    /// # Errors
    /// When the AWS configuration cannot be used, or says too little.
    pub fn open(
        name: &str,
        kms_key: Option<String>,
        options: ClientOptions,
    ) -> Result<Self, Box<ConnectionError>> {
        let thread = thread().map_err(|error| {
            ConnectionError::Configuration(format!("the system has no thread left: {error}"))
        })?;
        let (tell, told) = mpsc::channel();
        thread.spawn(async move { tell.send(Connection::open(&options).await) });
        let connection = told
            .recv()
            .map_err(|error| {
                ConnectionError::Configuration(format!("the AWS configuration: {error}"))
            })?
            .map_err(Box::new)?;
        let config = aws_sdk_s3::config::Builder::from(&connection.config)
            .interceptor(connection.calls.clone())
            .retry_config(retrying())
            .force_path_style(true)
            .build();
        Ok(Self {
            s3: Client::from_conf(config),
            name: name.to_owned(),
            kms_key,
            region: connection.region().to_owned(),
            calls: connection.calls.clone(),
            thread,
        })
    }

    /// What is asked of it and answered.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What messages call it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("s3://{}", self.name)
    }

    /// The request that writes an object.
    fn write(&self, key: &str, bytes: Vec<u8>, when: &When) -> PutObjectFluentBuilder {
        let mut request = self.s3.put_object().bucket(&self.name).key(key);
        request = request.content_type("application/json").body(ByteStream::from(bytes));
        if let Some(key) = &self.kms_key {
            request = request
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .ssekms_key_id(key)
                .bucket_key_enabled(true);
        }
        match when {
            When::Absent => request.if_none_match("*"),
            When::Is(Tag(tag)) => request.if_match(tag),
            When::Always => request,
        }
    }

    /// Lets a request go on by itself.
    fn ask<T: Send + 'static>(
        &self,
        request: impl Future<Output = Result<T, ObjectError>> + Send + 'static,
    ) -> Asked<T> {
        let asked = self.thread.spawn(request);
        async move { asked.await.unwrap_or_else(|error| Err(ObjectError::Failed(error.into()))) }
            .boxed()
    }
}

/// A thread that drives requests for as long as the process lives.
fn thread() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let drive = move || runtime.block_on(std::future::pending::<()>());
    std::thread::Builder::new().name("state".to_owned()).spawn(drive)?;
    Ok(handle)
}

impl Objects for StateBucket {
    fn get(&self, key: &str) -> Asked<Option<Object>> {
        let request = self.s3.get_object().bucket(&self.name).key(key);
        self.ask(async move {
            let answer = match request.send().await {
                Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
                answer => answer.map_err(failed)?,
            };
            let tag = Tag(answer.e_tag().unwrap_or_default().to_owned());
            let body = answer.body.collect().await;
            let bytes = body.map_err(|error| ObjectError::Failed(error.into()))?.to_vec();
            Ok(Some(Object { bytes, tag }))
        })
    }

    fn put(&self, key: &str, bytes: Vec<u8>, when: When) -> Asked<Tag> {
        let (bucket, key) = (self.clone(), key.to_owned());
        self.ask(async move {
            let mut tries = 0;
            loop {
                let error = match bucket.write(&key, bytes.clone(), &when).send().await {
                    Ok(answer) => {
                        return Ok(Tag(answer.e_tag().unwrap_or_default().to_owned()));
                    }
                    Err(error) => error,
                };
                tries += 1;
                match status(&error) {
                    Some(409) if tries < TRIES => {
                        tokio::time::sleep(Duration::from_millis(50 << tries)).await;
                    }
                    Some(412) => return Err(ObjectError::Refused),
                    // What was to be as it was read is gone.
                    Some(404) if error.code() != Some("NoSuchBucket") => {
                        return Err(ObjectError::Refused);
                    }
                    _ => return Err(failed(error)),
                }
            }
        })
    }

    fn delete(&self, keys: Vec<String>) -> Asked<()> {
        let (s3, bucket) = (self.s3.clone(), self.name.clone());
        self.ask(async move {
            for keys in keys.chunks(DELETED_AT_ONCE) {
                let objects: Result<Vec<ObjectIdentifier>, _> =
                    keys.iter().map(|key| ObjectIdentifier::builder().key(key).build()).collect();
                let delete = objects.and_then(|objects| {
                    Delete::builder().set_objects(Some(objects)).quiet(true).build()
                });
                let delete = delete.map_err(|error| ObjectError::Failed(error.into()))?;
                let answer = s3.delete_objects().bucket(&bucket).delete(delete).send().await;
                if let Some(error) = answer.map_err(failed)?.errors().first() {
                    let failed = AwsError::of_part("DeleteObjects", error.code(), error.message());
                    return Err(ObjectError::Failed(failed.into()));
                }
            }
            Ok(())
        })
    }

    fn list(&self, prefix: &str) -> Asked<Vec<Listed>> {
        let pages = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix);
        self.ask(async move {
            let objects = pages.into_paginator().send().try_collect().await.map_err(failed)?;
            let objects = objects.into_iter().flat_map(|page| page.contents.unwrap_or_default());
            Ok(objects
                .filter_map(|object| {
                    let size = u64::try_from(object.size.unwrap_or_default()).unwrap_or(0);
                    Some(Listed { key: object.key?, size })
                })
                .collect())
        })
    }

    fn folders(&self, prefix: &str) -> Asked<Vec<String>> {
        let pages = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix).delimiter("/");
        let prefix = prefix.to_owned();
        self.ask(async move {
            let pages = pages.into_paginator().send().try_collect().await.map_err(failed)?;
            let folders =
                pages.into_iter().flat_map(|page| page.common_prefixes.unwrap_or_default());
            Ok(folders
                .filter_map(|folder| {
                    let name = folder.prefix?;
                    Some(name.strip_prefix(&prefix)?.trim_end_matches('/').to_owned())
                })
                .collect())
        })
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn failed<E>(error: SdkError<E, HttpResponse>) -> ObjectError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    AwsError: From<SdkError<E, HttpResponse>>,
{
    ObjectError::Failed(AwsError::from(error).into())
}

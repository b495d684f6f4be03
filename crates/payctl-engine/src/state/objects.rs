//! Objects in a bucket: what a shared state needs of one, and nothing that S3 does not have.

use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};

use futures::future::BoxFuture;

/// The version of an object's contents, as the bucket tells it: S3's ETag.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub String);

/// What an object holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their version.
    pub tag: Tag,
}

/// An object by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// How many bytes it holds.
    pub size: u64,
}

/// On what condition an object is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// There is none of that key: S3's `If-None-Match: *`.
    Absent,
    /// It holds this version: S3's `If-Match`.
    Is(Tag),
    /// Whatever is there.
    Always,
}

/// Why a request to the bucket came to nothing.
#[derive(Debug)]
pub enum ObjectError {
    /// The condition did not hold when it was tried: S3's 412, and 404 for what was to be there.
    /// Of a write that was tried twice the first try may be why.
    Refused,
    /// It failed; a write may have been applied all the same.
    Failed(Box<dyn Error + Send + Sync>),
}

/// How a request to the bucket ended.
pub type Asked<T> = BoxFuture<'static, Result<T, ObjectError>>;

/// A bucket in which what was written is seen by whoever reads next, as S3's are since 2020
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel>, read
/// 2026-12-01).
///
/// Its requests go on by themselves once they are asked for: somebody may wait for one with a
/// blocked thread.
pub trait Objects: Debug + Send + Sync {
    /// An object, or `None` where there is none.
    fn get(&self, key: &str) -> Asked<Option<Object>>;

    /// Writes an object whole; answers its new version.
    fn put(&self, key: &str, bytes: Vec<u8>, when: When) -> Asked<Tag>;

    /// Removes objects, some of which may be gone already.
    fn delete(&self, keys: Vec<String>) -> Asked<()>;

    /// All objects whose keys begin so, sorted by key.
    fn list(&self, prefix: &str) -> Asked<Vec<Listed>>;

    /// The names of what stands like a folder directly below `prefix`, which ends with a slash or is
    /// empty; sorted.
    fn folders(&self, prefix: &str) -> Asked<Vec<String>>;
}

/// Waits for a request's answer with a blocked thread.
///
/// # Errors
/// Those of the request.
pub fn wait<T>(asked: Asked<T>) -> Result<T, ObjectError> {
    futures::executor::block_on(asked)
}

impl Display for ObjectError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("it was changed by another meanwhile"),
            Self::Failed(source) => Display::fmt(source, f),
        }
    }
}

impl Error for ObjectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused => None,
            Self::Failed(source) => source.source(),
        }
    }
}

//! What the function is invoked with.

use payments_domain::card_number;
use serde_json::{Map, Value};
use thiserror::Error;

const MAX_RECORDS: usize = 1_000;

/// A readable event.
#[derive(Debug)]
pub(crate) enum Event {
    /// The value of `payment_data`.
    Direct(Value),
    /// The records of an S3 notification, in order.
    Files(Vec<Result<Object, RecordError>>),
}

/// One version of an object in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
}

/// Why an event is refused whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum EventError {
    #[error("a full card number is not accepted in any field")]
    CardNumber,
    #[error("the event must be an object with either Records or payment_data")]
    Shape,
    #[error("Records must be an array of 1 to {MAX_RECORDS} records")]
    Records,
}

/// Why one record is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum RecordError {
    #[error("not a record of an object created in S3")]
    Shape,
    #[error("the object key is not url-encoded UTF-8")]
    Encoding,
    #[error("a full card number is not accepted in an object key")]
    CardNumber,
}

impl Event {
    pub(crate) fn read(event: Value) -> Result<Self, EventError> {
        let Value::Object(mut fields) = event else {
            return Err(EventError::Shape);
        };
        match (fields.remove("Records"), fields.remove("payment_data")) {
            (None, Some(payment)) if fields.is_empty() => Ok(Self::Direct(payment)),
            (None, Some(payment)) => {
                let all = [Value::Object(fields), payment];
                let card = all.iter().any(card_number::anywhere_in);
                Err(if card { EventError::CardNumber } else { EventError::Shape })
            }
            (Some(Value::Array(records)), None) if (1..=MAX_RECORDS).contains(&records.len()) => {
                Ok(Self::Files(records.iter().map(Object::read).collect()))
            }
            (Some(_), None) => Err(EventError::Records),
            (Some(_), Some(_)) | (None, None) => Err(EventError::Shape),
        }
    }
}

impl Object {
    fn read(record: &Value) -> Result<Self, RecordError> {
        let is = |name: &str, allowed: fn(&str) -> bool| match record.get(name) {
            None => true,
            Some(value) => value.as_str().is_some_and(allowed),
        };
        let created = is("eventSource", |source| source == "aws:s3")
            && is("eventName", |name| {
                name.strip_prefix("s3:").unwrap_or(name).starts_with("ObjectCreated:")
            });
        let s3 = record.get("s3").and_then(Value::as_object).filter(|_| created);
        let s3 = s3.ok_or(RecordError::Shape)?;
        let bucket = text(s3, "bucket", "name").ok_or(RecordError::Shape)?;
        let key = text(s3, "object", "key").ok_or(RecordError::Shape)?;
        let key = url_decoded(key).ok_or(RecordError::Encoding)?;
        if card_number::within(&key) {
            return Err(RecordError::CardNumber);
        }
        let version = text(s3, "object", "versionId").map(str::to_owned);
        Ok(Self { bucket: bucket.to_owned(), key, version })
    }
}

fn text<'event>(s3: &'event Map<String, Value>, part: &str, name: &str) -> Option<&'event str> {
    let text = s3.get(part)?.get(name)?.as_str()?;
    if text.is_empty() { None } else { Some(text) }
}

/// Decodes an object key as S3 encodes it in notifications: as in a form, `+` is a space.
fn url_decoded(encoded: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn object(record: Value) -> Result<Object, RecordError> {
        let Ok(Event::Files(mut files)) = Event::read(json!({"Records": [record]})) else {
            panic!("not an event of files")
        };
        files.remove(0)
    }

    fn record(key: &str) -> Value {
        json!({"s3": {"bucket": {"name": "b"}, "object": {"key": key, "versionId": "v1"}}})
    }

    #[test]
    fn a_key_is_decoded_as_s3_encodes_it() {
        let read = object(record("payments/a+b%2Bc%C3%A9.json")).unwrap();
        let version = Some("v1".to_owned());
        let key = "payments/a b+cé.json".to_owned();
        assert_eq!(read, Object { bucket: "b".to_owned(), key, version });
        for wrong in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(object(record(wrong)), Err(RecordError::Encoding), "{wrong}");
        }
        assert_eq!(object(record("4111+1111%201111-1111")), Err(RecordError::CardNumber));
    }

    #[test]
    fn only_created_objects_are_taken() {
        let named = |source: &str, name: &str| {
            let mut record = record("k");
            record["eventSource"] = json!(source);
            record["eventName"] = json!(name);
            object(record)
        };
        assert!(named("aws:s3", "ObjectCreated:Put").is_ok());
        assert!(named("aws:s3", "s3:ObjectCreated:Put").is_ok());
        assert_eq!(named("aws:s3", "ObjectRemoved:Delete"), Err(RecordError::Shape));
        assert_eq!(named("aws:sqs", "ObjectCreated:Put"), Err(RecordError::Shape));
        assert_eq!(object(json!({})), Err(RecordError::Shape));
        assert_eq!(object(record("")), Err(RecordError::Shape));
    }

    #[test]
    fn other_events_are_refused() {
        let shape = [
            json!(null),
            json!([]),
            json!({}),
            json!({"payment_data": {}, "Records": []}),
            json!({"payment_data": {}, "more": 1}),
        ];
        for event in shape {
            assert_eq!(Event::read(event.clone()).unwrap_err(), EventError::Shape, "{event}");
        }
        for records in [json!([]), json!({}), json!(null), json!(vec![1; 1_001])] {
            assert_eq!(
                Event::read(json!({"Records": records})).unwrap_err(),
                EventError::Records,
                "{records}"
            );
        }
        let card = json!({"payment_data": {}, "more": "4111111111111111"});
        assert_eq!(Event::read(card).unwrap_err(), EventError::CardNumber);
    }

    proptest! {
        #[test]
        fn any_key_survives_encoding(key in "\\PC{1,40}") {
            let encoded: String = key
                .bytes()
                .map(|byte| match byte {
                    b' ' => "+".to_owned(),
                    _ => format!("%{byte:02X}"),
                })
                .collect();
            prop_assert_eq!(url_decoded(&encoded), Some(key));
        }

        #[test]
        fn any_text_is_decoded_or_refused(text in "\\PC{0,40}|[%+a-fA-F0-9]{0,20}") {
            let _ = url_decoded(&text);
        }
    }
}

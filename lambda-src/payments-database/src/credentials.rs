//! The value of a secret: who logs in, where, and with which password.
//!
//! Nothing in here can be printed: neither a value nor an error holds a part of the other.

use payments_domain::json;
use serde_json::{Map, Value};
use thiserror::Error;

/// The value of a version is not what a database's secret holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CredentialsError {
    /// It is not a JSON object, or gives a field twice.
    #[error("it is not a JSON object")]
    NoObject,
    /// A field is absent, empty or of another kind.
    #[error("its field {0} is missing or invalid")]
    Field(&'static str),
}

/// What PostgreSQL listens on unless a secret says otherwise.
const PORT: u16 = 5432;
/// The database that every PostgreSQL has.
const DATABASE: &str = "postgres";
/// A new password is as long as the one before, within these.
const LENGTHS: (i64, i64) = (32, 128);

/// A way to log in.
#[derive(Clone)]
pub struct Credentials {
    /// All fields, also those that are not ours.
    fields: Map<String, Value>,
    /// Who logs in.
    pub username: String,
    /// With what.
    pub password: String,
    /// The server's name, which its certificate has to have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database there.
    pub dbname: String,
}

impl Credentials {
    /// Reads the value of a version.
    ///
    /// # Errors
    /// A [`CredentialsError`], which has nothing of the value.
    pub fn parse(value: &str) -> Result<Self, CredentialsError> {
        let Ok(Value::Object(fields)) = json::parse(value.as_bytes()) else {
            return Err(CredentialsError::NoObject);
        };
        let text = |name| match fields.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(CredentialsError::Field(name)),
        };
        if !matches!(text("engine")?.as_str(), "postgres" | "aurora-postgresql") {
            return Err(CredentialsError::Field("engine"));
        }
        let port = match fields.get("port") {
            None => Some(PORT),
            Some(Value::String(port)) => port.parse().ok(),
            Some(port) => port.as_u64().and_then(|port| port.try_into().ok()),
        };
        Ok(Self {
            username: text("username")?,
            password: text("password")?,
            host: text("host")?,
            port: port.filter(|port| *port != 0).ok_or(CredentialsError::Field("port"))?,
            dbname: match fields.get("dbname") {
                None => DATABASE.to_owned(),
                Some(_) => text("dbname")?,
            },
            fields,
        })
    }

    /// How long the next password is to be.
    #[must_use]
    pub fn next_length(&self) -> i64 {
        let length = i64::try_from(self.password.chars().count()).unwrap_or(i64::MAX);
        length.clamp(LENGTHS.0, LENGTHS.1)
    }

    /// The value with another password and all else as it is.
    #[must_use]
    pub fn with_password(&self, password: &str) -> String {
        let mut fields = self.fields.clone();
        fields.insert("password".to_owned(), Value::String(password.to_owned()));
        Value::Object(fields).to_string()
    }

    /// Whether both are for the same user of the same database.
    #[must_use]
    pub fn same_login(&self, other: &Self) -> bool {
        let login = |it: &Self| (it.username.clone(), it.host.clone(), it.port, it.dbname.clone());
        login(self) == login(other)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value() -> Value {
        json!({
            "engine": "postgres",
            "username": "payments_admin",
            "password": "p".repeat(40),
            "host": "db.example.com",
            "port": 5433,
            "dbname": "payments",
            "dbClusterIdentifier": "payment-db-dev",
            "limit": 12.50,
        })
    }

    fn parse(value: &Value) -> Result<Credentials, CredentialsError> {
        Credentials::parse(&value.to_string())
    }

    #[test]
    fn all_but_the_password_is_kept() {
        let before = parse(&value()).ok().unwrap();
        let next: Value = serde_json::from_str(&before.with_password("other")).unwrap();
        let mut wanted = value();
        wanted["password"] = json!("other");
        assert_eq!(next, wanted);
        assert!(before.same_login(&parse(&next).ok().unwrap()));
        for (field, other) in [
            ("username", json!("x")),
            ("host", json!("x")),
            ("port", json!(1)),
            ("dbname", json!("x")),
        ] {
            let mut elsewhere = value();
            elsewhere[field] = other;
            assert!(!before.same_login(&parse(&elsewhere).ok().unwrap()), "{field}");
        }
    }

    #[test]
    fn port_and_database_have_defaults_and_a_port_may_be_text() {
        let mut text = value();
        text["port"] = json!("5433");
        assert_eq!(parse(&text).ok().unwrap().port, 5433);
        let fields = text.as_object_mut().unwrap();
        fields.remove("port");
        fields.remove("dbname");
        let parsed = parse(&text).ok().unwrap();
        assert_eq!((parsed.port, parsed.dbname.as_str()), (5432, "postgres"));
    }

    #[test]
    fn what_is_no_login_is_refused_without_a_word_of_it() {
        for text in ["", "null", "[]", "secret", r#"{"password":"a","password":"b"}"#] {
            assert_eq!(Credentials::parse(text).err(), Some(CredentialsError::NoObject), "{text}");
        }
        for (field, wrong) in [
            ("engine", json!("mysql")),
            ("engine", json!(null)),
            ("username", json!("")),
            ("password", json!(7)),
            ("host", json!([])),
            ("port", json!(0)),
            ("port", json!(70000)),
            ("port", json!("secret")),
            ("dbname", json!(null)),
        ] {
            let mut value = value();
            value[field] = wrong;
            let error = parse(&value).err().unwrap();
            assert_eq!(error, CredentialsError::Field(field));
            assert!(!error.to_string().contains("ppp"), "{error}");
        }
    }

    #[test]
    fn a_password_is_followed_by_one_as_long_and_by_no_short_one() {
        for (length, next) in [(1, 32), (32, 32), (40, 40), (500, 128)] {
            let mut value = value();
            value["password"] = json!("ä".repeat(length));
            assert_eq!(parse(&value).ok().unwrap().next_length(), next);
        }
    }
}
